"""Every kind of view, made by the real core from a real store: for screenshots, and for tests of what is drawn.

Pure but for reading the store. Sessions are put together, not played, so that each scene stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from content import pricing
from content.model import Availability, Product, Recall
from content.money import Money
from content.playlist import HOW, Choice, Ticker, TickerLine
from content.references import reference_of
from content.store import AnyStore
from kiosk.alert_scenes import alerts_over
from kiosk.core import basket, state
from kiosk.core.basket import order_of, total
from kiosk.core.events import Stamp
from kiosk.core.orders import Payment
from kiosk.core.present import CODES, present
from kiosk.core.settings import Place
from kiosk.core.terms import Terms
from kiosk.guided import Step
from kiosk.views import Enrol, Frame, Notice, View

NOON_MS = 1_795_345_200_000  # 2026-11-22 11:00 UTC: the clock of all scenes
ORDER = "7K2Q9XM4D0T3R8V"  # 15 characters of Crockford's base32
CLAIM = "K7Q2-9MXT"
LINK = "HTTPS://PAY.PENDELO.EXAMPLE/C/" + ORDER  # what a provider's QR may say; upper case keeps it small
EPC = "BCD\n002\n1\nSCT\n\nPendelo Market GmbH\nDE75512108001245126199\nEUR{amount}\n\n\n{reference}\n"  # EPC069-12
MONO_MS = 60_000  # and on the monotonic one
LEFT_MS = 154_000  # of the offer, on the pay screens
OFFERED_MS = 180_000
# What codes of other schemes say, as long as providers' are (payments research, 3.3); made up, but for their form.
PAYLOADS = {
    "promptpay": "00020101021230650016A00000067701011201150105500012345670216" + ORDER + "00306WALL0153037645406245.00"
    "5802TH5914Pendelo Market6304A1B2",
    "wechat": "weixin://wxpay/bizpayurl?pr=" + ORDER[:9],
    "swiss": "SPC\r\n0200\r\n1\r\nCH4431999123000889012\r\nS\r\nPendelo Market AG\r\nBahnhofplatz\r\n1\r\n8001\r\nZürich\r\nCH"
    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n24.50\r\nCHF\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nSCOR\r\nRF712348231\r\n" + ORDER + "0\r\nEPD",
    "lightning": "LIGHTNING:LNBC2450U1P" + "N9X7GQPP5QYPQXPQ9QCRSSZGSMZ2SJQ" * 9 + "QK8D9",
    "duitnow": "00020201021226580014A000000615000101065887340212" + "1" * 12 + "0308" + ORDER[:8] + "5204541153034585405"
    "24.505802MY5914PENDELO MARKET6012KUALA LUMPUR6105500006278" + "05" + "16" + ORDER + "00708WALL0001" + "0814" + "PENDELO MARKET"
    "8248" + "0044" + "A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F6" + "6304" + "9F1C",
}  # fmt: skip
TICKER = Ticker(
    lines=(
        TickerLine(
            key="last-train",
            texts={
                "en": "Last train to the airport today at 00:40 from platform 2. Line U8 runs all night.",
                "zh": "今日最后一班机场列车 00:40 从 2 号站台发车。U8 线通宵运营。",
                "ar": "آخر قطار إلى المطار اليوم الساعة 00:40 من الرصيف 2. الخط U8 يعمل طوال الليل.",
                "de": "Letzter Zug zum Flughafen heute um 00:40 von Gleis 2. Die Linie U8 fährt die ganze Nacht.",
            },
        ),
    )
)
TERMS = Terms(  # as the fleet says them; the key is nobody's
    methods=("link", "epc", "card"),
    domain="id.pendelo.example",
    link_base="https://id.pendelo.example",
    link_key="5e" * 32,
)
MANY = ("promptpay", "paynow", "vietqr", "duitnow", "khqr", "wechat", "alipay", "card", "link")
TEST_STEPS = (
    ("scan", "scanner"), ("card", "reader"), ("away", "reader"), ("phone", "reader"), ("receipt", "printer"),
    ("unplug", "scanner"), ("plug", "scanner"), ("wait", "printer"), ("passed", "reader"), ("failed", "scanner"),
)  # fmt: skip
CLAIMED = frozenset({"unsure", "not-recorded", "wrong-amount", "refunded", "recalled"})
RETRIED = frozenset(
    {"declined", "expired", "cancelled", "failed", "provider-down", "offline", "too-dense", "not-this-way"}
)


def session_of(
    store: AnyStore, place: Place, language: str, picks: Sequence[tuple[Product, int]], *, reach: bool = False
) -> state.Session:
    """Somebody at the wall with these products in the basket, everything connected."""
    at = Stamp(MONO_MS, NOON_MS)
    fresh = state.new_session(store.store, place, at)
    basket = tuple(
        state.Pick(p, p.facing, count, at.now)
        for p, count in picks
        if p.price.currency == store.store.currency
    )
    session = _with(
        fresh,
        language=language,
        reach=reach,
        basket=basket,
        aisle=store.store.aisles[0].key,
        online=True,
        terms=TERMS,
        devices={"reader": ("ready", ""), "printer": ("ready", "")},
    )
    return _with(session, order=order_of(session, ORDER, CLAIM))


def _recalled(session: state.Session, product: Product) -> state.Session:
    """The product was in the basket a moment ago."""
    texts = {"en": "The lid may be broken. Your money back: 0800 123 456.", "de": "Der Deckel kann beschädigt sein. Geld zurück: 0800 123 456."}  # fmt: skip
    gone = structs.replace(
        product, recall=Recall(reason="safety", texts=texts), availability=Availability.OUT_OF_STOCK
    )
    rest = tuple(pick for pick in session.basket if pick.product.gtin != product.gtin)
    said = Notice("recalled-basket", (basket.name_of(session, product),), "bad", 1)
    return _with(session, state=state.Viewing(gone, product.facing), basket=rest, order=None, notices=(said,))


def scenes(
    store: AnyStore, place: Place, language: str, picks: Sequence[tuple[Product, int]], *, reach: bool = False
) -> dict[str, View]:
    """Views by name: every screen, every stage of paying, every receipt, every problem. The first pick is shown large."""
    session = session_of(store, place, language, picks, reach=reach)
    product = picks[0][0]
    found = {
        "wall": present(_with(session, state=state.Browsing())),
        "wall-new": present(_with(session, state=state.Browsing(), basket=(), order=None)),
        "product": present(_with(session, state=state.Viewing(product, product.facing))),
        "product-new": present(
            _with(session, state=state.Viewing(product, product.facing), basket=(), order=None)
        ),
        "product-recalled": present(_recalled(session, product)),
        "basket": present(_with(session, state=state.Reviewing())),
        "basket-empty": present(_with(session, state=state.Reviewing(), basket=(), order=None)),
        "basket-along": present(_with(session, state=state.Reviewing())),  # with its sheet open (kiosk.shots)
        "choose": present(_with(session, state=state.Choosing())),
        "choose-no-reader": present(_with(session, state=state.Choosing(), devices={})),
        "choose-many": present(_many(session)),
        "choose-none": present(_with(session, state=state.Choosing(), methods=())),
        "notice": present(_with(session, state=state.Browsing(), notices=(Notice("added", (), "good", 1),))),
        "idle": present(_with(session, state=state.Reviewing(), warned_ms=session.at.mono_ms - 2_000)),
    }
    slides = [advert.key for advert in store.store.adverts]
    for i in range(len(slides) + 1):
        choice = Choice(slides[i] if i < len(slides) else HOW, None, "turn", 8_000, 8_000)
        view = present(_with(session, state=state.Attracting(choice), basket=(), order=None))
        found[f"attract-{i}"] = view
    spoken = [each.tag for each in store.store.languages]
    told = _with(
        session, store=structs.replace(store.store, ticker=TICKER), basket=(), order=None,
        at=Stamp(MONO_MS // (40_000) * 40_000 + 10_000 * spoken.index(language), NOON_MS),
    )  # fmt: skip
    found["ticker-wall"] = present(_with(told, state=state.Browsing()))
    for i in range(len(slides) + 1):
        choice = Choice(slides[i] if i < len(slides) else HOW, None, "turn", 8_000, 8_000)
        found[f"ticker-attract-{i}"] = present(_with(told, state=state.Attracting(choice)))
    found |= {f"pay-{name}": present(one) for name, one in _payments(session).items()}
    found |= {name: present(one) for name, one in _endings(session).items()}
    found |= {name: present(one) for name, one in _codes(session).items()}
    found |= {name: present(one) for name, one in _tests(session).items()}
    for reason in ("maintenance", "out-of-hours", "out-of-service"):
        closed = state.Closed(reason, "EC-31" if reason == "maintenance" else "")
        found[f"closed-{reason}"] = present(_with(session, state=closed, basket=(), order=None))
    looked_for = state.Identifying("", f"demo/central/{place.kiosk}", "green", MONO_MS + 20_000, False)
    found["identify"] = present(_with(session, state=state.Browsing(), identifying=looked_for))
    found |= {f"enrol-{view.state}": view for view in _enrolling(language)}
    found |= {f"alert-{name}": present(one) for name, one in alerts_over(session).items()}
    found["asleep"] = present(_with(session, state=state.Sleeping(), basket=(), order=None))
    return found


def _enrolling(language: str) -> Iterator[Enrol]:
    """A device on its way into a fleet: no session yet, so no core."""
    frame = Frame(language)
    yield Enrol(frame, "reaching", "", "fleet.pendelo.example", "Temporary failure in name resolution")
    yield Enrol(frame, "waiting", CLAIM, "fleet.pendelo.example")
    yield Enrol(frame, "busy", CLAIM, "fleet.pendelo.example")
    yield Enrol(frame, "rejected", CLAIM, "fleet.pendelo.example", "Not one of ours: serial number unknown")
    yield Enrol(frame, "welcome", "", "fleet.pendelo.example")


def _many(session: state.Session) -> state.Session:
    """A wall where people of many countries pay; one scheme was withdrawn while somebody was choosing."""
    shop = structs.replace(session.store, methods=MANY)
    terms = structs.replace(TERMS, methods=tuple(method for method in MANY if method != "khqr"))
    return _with(session, state=state.Choosing(), store=shop, methods=MANY, terms=terms)


def payment_of(session: state.Session, method: str = "link") -> Payment:
    """An attempt to pay the session's basket."""
    assert session.order is not None, "session_of makes one"
    return Payment(reference_of(ORDER, 0), session.order, method, NOON_MS, session.settings.charge_ttl_ms)


def _payments(session: state.Session) -> dict[str, state.Session]:
    """The stages, for a phone; for a banking app and a card what differs."""
    amount: Money = total(session)
    out: dict[str, state.Session] = {}
    epc = EPC.format(amount=amount.decimal(), reference=reference_of(ORDER, 0))
    for method, payload in (("link", LINK), ("epc", epc)):
        payment = payment_of(session, method)
        watched = {payment.reference: state.Pending(payment, session.visit, 0, 0)}
        for stage in ("asking", "waiting", "scanned", "confirming", "cancelling", "late"):
            if method == "epc" and stage != "waiting":
                continue
            shown = "" if stage == "asking" else payload
            paying = _paying(
                payment.reference, stage, shown, "pay.pendelo.example" if method == "link" else ""
            )
            out[f"{method}-{stage}"] = _with(session, state=paying, pending=watched)
    for method, payload in PAYLOADS.items():
        payment = payment_of(session, method)
        watched = {payment.reference: state.Pending(payment, session.visit, 0, 0)}
        out[f"{method}-waiting"] = _with(
            session, state=_paying(payment.reference, "waiting", payload, ""), pending=watched
        )
    out["card"] = _with(session, state=state.Tapping(session.at.mono_ms + 38_000))
    return out


def _paying(reference: str, stage: str, payload: str, domain: str) -> state.Paying:
    merchant = "Pendelo Market GmbH" if payload else ""
    return state.Paying(reference, stage, MONO_MS + LEFT_MS, payload, OFFERED_MS, merchant, domain)


def _endings(session: state.Session) -> dict[str, state.Session]:
    payment = payment_of(session)
    out = {
        f"thanks-{receipt}": _with(session, state=state.Thanking(payment, receipt), basket=(), order=None)
        for receipt in ("printing", "printed", "no-paper", "no-printer", "none")
    }
    for key in CODES:
        trouble = state.Troubled(key, payment, key in RETRIED, key in CLAIMED)
        out[f"problem-{key}"] = _with(session, state=trouble)
    return out


def _codes(session: state.Session) -> dict[str, state.Session]:
    """Somebody with a code: the keys, the question, and every answer."""
    nothing = _with(session, basket=(), order=None)
    out = {
        "code-entry": _with(nothing, state=state.EnterCode()),
        "code-asked": _with(nothing, state=state.CodeAsked("claim", CLAIM, 0)),
    }
    payment = payment_of(session)
    for key in ("ready", "handed-over", "paying", "unpaid", "refunding", "refunded"):
        out[f"code-{key}"] = _with(nothing, state=state.CodeResult("claim", key, payment, NOON_MS))
    names = tuple(basket.name_of(session, pick.product) for pick in session.basket[:3])
    out["code-partly"] = _with(session, state=state.CodeResult("basket", "partly", missing=names))
    out["code-nothing"] = _with(nothing, state=state.CodeResult("basket", "nothing", missing=names))
    for key in ("", "wait", "failed", "offline"):
        unknown = state.CodeResult("unknown", key, wait_s=20)
        out[f"code-{key or 'unknown'}"] = _with(nothing, state=unknown)
    return out


def _tests(session: state.Session) -> dict[str, state.Session]:
    """A technician tests a peripheral."""
    nothing = _with(session, basket=(), order=None)
    detail = "scanner: nothing was read in 30 s. Check that its trigger is set to presentation mode."
    out: dict[str, state.Session] = {}
    for number, (step, device) in enumerate(TEST_STEPS, 1):
        shown = Step(
            device,
            step,
            60_000,
            code="ENDCAP-TEST-7Q2K" if step == "scan" else "",
            number=min(number, 4),
            steps=4,
            asks=step == "receipt",
            detail=detail if step == "failed" else "",
        )
        out[f"test-{step}"] = _with(nothing, state=state.GuidedTest(shown, MONO_MS + 60_000))
    return out


def _with(session: state.Session, **changes: object) -> state.Session:
    turn = state.Turn(session)
    turn.set(**changes)
    return turn.session


def picks_of(store: AnyStore, language: str, count: int = 4) -> list[tuple[Product, int]]:
    """Products to buy in scenes: the first of the shelves' aisles that have an offer, one, two, three ... pieces."""
    out: list[tuple[Product, int]] = []
    for aisle in store.store.aisles:
        if len(out) == count:
            break
        shelf = store.shelf(aisle.key, 0, 40)
        offered = [p for p in shelf if pricing.badge(p, NOON_MS // 1000)[0] and p.nutrition]
        if offered or shelf:
            out.append(((offered or shelf)[0], len(out) % 3 + 1))
    return out


__all__ = ["LEFT_MS", "NOON_MS", "payment_of", "picks_of", "scenes", "session_of"]
