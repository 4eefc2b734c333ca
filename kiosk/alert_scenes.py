"""Alerts as they may come, over somebody's basket: for screenshots, and for tests of what is drawn."""

from __future__ import annotations

from msgspec import structs

from content.alerts import Alert, Wording
from kiosk.core import events as did
from kiosk.core import state
from kiosk.core.session import step

FIRE = {
    "en": Wording("Leave the station now", "Smoke in hall B.", "Use the stairs. Do not use the lifts."),
    "de": Wording(
        "Verlassen Sie sofort die Station",
        "Rauch in Halle B.",
        "Benutzen Sie die Treppen, nicht die Aufzüge.",
    ),
    "zh": Wording("请立即离开车站", "B厅有烟雾。", "请走楼梯，不要使用电梯。"),
    "ar": Wording("غادروا المحطة الآن", "دخان في القاعة B.", "استخدموا السلالم ولا تستخدموا المصاعد."),
}
_FLOOD = (
    "The river has risen faster than was forecast and will reach the lower levels of the station within the hour. Trains do not "
    "stop here any more. Water in the passages may hide open shafts, and electricity may be cut without a warning. ",
    "Go to the upper level by the nearest stairs, leave luggage behind, help those who cannot walk, keep the exits free, and do as "
    "staff say. Do not enter the tunnels. ",
)
FLOOD = {
    "en": Wording("Flood: go up to street level", _FLOOD[0] * 2, _FLOOD[1] * 2),
    "de": Wording(
        "Hochwasser: gehen Sie nach oben auf die Straße",
        "Der Fluss ist schneller gestiegen als vorhergesagt und erreicht binnen einer Stunde die unteren Ebenen. "
        * 3,
        "Gehen Sie über die nächste Treppe nach oben, lassen Sie Gepäck zurück, und helfen Sie denen, die nicht gehen können. "
        * 3,
    ),
    "zh": Wording(
        "洪水：请上到地面层",
        "河水上涨速度超过预报，一小时内将到达车站下层。列车不再停靠。" * 4,
        "请走最近的楼梯到上层，留下行李，帮助行动不便的人。" * 4,
    ),
    "ar": Wording(
        "فيضان: اصعدوا إلى مستوى الشارع",
        "ارتفع النهر أسرع من المتوقع وسيصل إلى الطوابق السفلى خلال ساعة. " * 3,
        "اصعدوا بأقرب سلالم واتركوا الأمتعة وساعدوا من لا يستطيع المشي. " * 3,
    ),
}
WIND = {
    "en": Wording("Storm from 18:00", "", "Trains may stop early. Start your way home in time."),
    "de": Wording(
        "Sturm ab 18 Uhr", "", "Züge fahren womöglich nicht bis Betriebsschluss. Brechen Sie rechtzeitig auf."
    ),
    "zh": Wording("18:00起有暴风", "", "列车可能提前停运，请及早回家。"),
    "ar": Wording(
        "عاصفة من الساعة 18:00", "", "قد تتوقف القطارات مبكرا. ابدأوا طريق العودة في الوقت المناسب."
    ),
}
LIFT = {"en": Wording("The lift to platform 2 is out of order", "", "Use the lift at exit C.")}


def alerts_over(session: state.Session) -> dict[str, state.Session]:
    """Alerts over a basket: one that fits in all languages at once, one whose words are long, an exercise, a lesser one."""
    fire = Alert(
        id="fire", words=FIRE, sender="Pendelo Metro", severity="extreme", urgency="immediate", certainty="observed", sign="exit"
    )  # fmt: skip
    wordy = structs.replace(fire, id="wordy", words=FLOOD, severity="severe", sign="flood")
    stands = {
        "fire": (fire,), "flood": (wordy,), "exercise": (structs.replace(fire, id="drill", exercise=True),),
        "minor": (structs.replace(fire, id="lift", words=LIFT, severity="minor", sign="transport"),),
        "moderate": (structs.replace(fire, id="wind", words=WIND, severity="moderate", sign="storm"),),
        "two": (fire, wordy),
    }  # fmt: skip
    return {name: step(session, did.AlertsArrived(session.at, said))[0] for name, said in stands.items()}
