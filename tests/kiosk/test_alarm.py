"""Alerts at a whole kiosk: on the glass before everything, kept over a restart, refused with a reason, told of, heard."""

from __future__ import annotations

import sys
import wave
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from msgspec import structs

from content.alerts import Alert, Wording
from fleet.broker.broker import Broker, start_broker
from kiosk.link.link import memory_pair
from kiosk.operated.sound import quieter, tone
from kiosk.program import AgentProgram
from kiosk.views import Asleep, Attract, Basket, Displayed, Emergency, OpenBasket, Pay, Shop, Thanks, View
from mqtt.client import Client
from mqtt.commands import Alerts, AlertState, Command, Desired
from mqtt.messages import decode, encode
from mqtt.topics import Address
from tests.kiosk.kiosks import Kiosk, MemoryPeripherals, config, store
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.signed import Signer
from tests.kiosk.until import until
from tests.servers import kill_broker, missing

FIRE = Alert(
    id="fire", words={"en": Wording("Leave", "Smoke", "Use the stairs"), "zh": Wording("请离开")}, severity="extreme", sign="exit",
    audible=True,
)  # fmt: skip


@pytest.fixture
def signer() -> Signer:
    return Signer()


def opened(tmp_path: Path, signer: Signer, fleet: MemoryFleet | None = None, more: str = "") -> Kiosk:
    return Kiosk(tmp_path, fleet, more + "\n" + signer.publish(tmp_path))


def told(fleet: MemoryFleet, state: str, alert: str = "fire") -> AlertState:
    def found() -> list[AlertState]:
        return [one for one in fleet.alert_states if (one.id, one.state) == (alert, state)]

    until(found, f"{alert} to be {state}")
    return found()[-1]


def test_it_has_the_glass_is_told_of_and_the_payment_comes_back(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        pay = kiosk.buys()
        kiosk.fleet.say(signer.alarms(4, FIRE))
        view = kiosk.sees(Emergency)
        assert [one.headline for one in view.words] == ["Leave", "请离开"]
        assert told(kiosk.fleet, "heard").version == 4
        kiosk.do(OpenBasket(), Displayed("fire"), Displayed("fire"), Displayed("nothing"))
        assert told(kiosk.fleet, "shown").after_ms >= 0
        kiosk.fleet.pays(pay.reference, 498)
        kiosk.fleet.say(signer.alarms(5))
        assert kiosk.sees(Thanks).reference == pay.reference
        told(kiosk.fleet, "cleared")
        assert len([one for one in kiosk.fleet.alert_states if one.state == "shown"]) == 1


def test_it_is_the_first_thing_on_the_glass_after_a_restart_even_without_keys(
    tmp_path: Path, signer: Signer
) -> None:
    fleet = MemoryFleet()
    with opened(tmp_path, signer, fleet) as kiosk:
        fleet.say(signer.alarms(4, FIRE))
        kiosk.sees(Emergency)
        told(fleet, "heard")
        until(lambda: kiosk.program.ledger.kept("alerts"))
    (tmp_path / "keys.json").unlink()
    with Kiosk(tmp_path, fleet) as kiosk:
        assert isinstance(kiosk.seen[0][1], Emergency)
    signer.publish(tmp_path)
    with opened(tmp_path, signer, fleet) as kiosk:
        fleet.say(signer.alarms(3))
        kiosk.sees(Emergency)
        older = told(fleet, "refused", "")
        assert (older.reason, older.version) == ("older", 4), (
            "whose clock was ahead is told, and can be overcome"
        )
        fleet.say(signer.alarms(5))
        kiosk.sees(Attract)


@pytest.mark.parametrize(
    ("bad", "reason", "why"),
    [
        ("other-key", "unsigned", "none of ours"),
        ("live", "unsigned", "signature is not true"),
        ("tenant", "unsigned", "signature is not true"),
        ("flipped", "unsigned", "signature is not true"),
        ("kiosk", "not-ours", "this is demo/s1/K1"),
        ("body", "unread", "malformed"),
    ],
)
def test_what_cannot_be_believed_is_refused_told_and_changes_nothing(
    tmp_path: Path, signer: Signer, bad: str, reason: str, why: str
) -> None:
    said = {
        "other-key": lambda: Signer().alarms(9, FIRE),
        "live": lambda: signer.alarms(9, FIRE, purpose="live"),
        "tenant": lambda: signer.alarms(9, FIRE, tenant="other"),
        "flipped": lambda: structs.replace(signer.alarms(9, FIRE), body=signer.alarms(8, FIRE).body),
        "kiosk": lambda: signer.alarms(9, FIRE, kiosk="demo/s1/K2"),
        "body": lambda: signer.alarms(9, FIRE),
    }[bad]()
    with opened(tmp_path, signer) as kiosk:
        if bad == "body":
            assert kiosk.config.address.alerts.endswith("dn/alert")
            kiosk.fleet.say_bytes(kiosk.config.address.alerts, b'{"kid": 7')
        else:
            kiosk.fleet.say(said)
        state = told(kiosk.fleet, "refused", "")
        assert state.reason == reason
        assert why in state.detail or bad == "body"
        assert isinstance(kiosk.view, Attract)
        kiosk.fleet.say(signer.alarms(1, FIRE))
        kiosk.sees(Emergency)


def test_without_any_key_nobody_is_believed(tmp_path: Path, signer: Signer) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(signer.alarms(1, FIRE))
        assert "no key" in told(kiosk.fleet, "refused", "").detail


def test_what_was_told_is_told_again_when_the_line_comes_back(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        kiosk.fleet.say(signer.alarms(1, FIRE))
        kiosk.sees(Emergency)
        kiosk.fleet.down()
        kiosk.do(Displayed("fire"))
        kiosk.fleet.alert_states.clear()
        kiosk.fleet.up()
        told(kiosk.fleet, "shown")


def test_commands_that_would_take_it_away_wait_and_out_of_service_comes_after_it(
    tmp_path: Path, signer: Signer
) -> None:
    with opened(tmp_path, signer) as kiosk:
        kiosk.fleet.say(signer.alarms(1, FIRE))
        kiosk.sees(Emergency)
        kiosk.fleet.say(Command(id="C1", what="identify", by="ada", why="test", at_ms=0, valid_s=86_400))
        until(lambda: kiosk.fleet.states)
        assert (kiosk.fleet.states[-1].state, kiosk.fleet.states[-1].reason) in (
            ("refused", "alert-in-force"),
            ("expired", ""),
        )
        kiosk.fleet.say(Desired(version=1, out_of_service=True))
        until(lambda: kiosk.fleet.reported and kiosk.fleet.reported[-1].version == 1)
        assert isinstance(kiosk.view, Emergency)
        kiosk.fleet.say(signer.alarms(2))
        until(lambda: type(kiosk.view).__name__ == "Closed")
        assert not [one for _, one in kiosk.seen if isinstance(one, Asleep | Basket | Pay)]


# --- heard ----------------------------------------------------------------------------------------------------


def player(folder: Path, code: str) -> str:
    """A program that is given a WAV file, in the configuration's words."""
    path = folder / "player.py"
    path.write_text(code)
    return f'[sound]\nvolume = 50\npause_s = 1\nplayer = ["{sys.executable}", "{path}"]\nvoice = ["no-such-voice"]\n'


def test_it_is_heard_where_a_speaker_is(tmp_path: Path, signer: Signer) -> None:
    heard = tmp_path / "heard.wav"
    more = player(tmp_path, f"import sys; open({str(heard)!r}, 'wb').write(sys.stdin.buffer.read())")
    with opened(tmp_path, signer, more=more) as kiosk:
        kiosk.fleet.say(signer.alarms(1, FIRE))
        told(kiosk.fleet, "audible")
        kiosk.fleet.say(signer.alarms(2))
        kiosk.sees(Attract)
    assert heard.read_bytes() == tone(50)


@pytest.mark.parametrize(
    ("code", "reason", "detail"),
    [
        (
            "import sys; sys.exit('aplay: main:831: audio open error: No such file or directory')",
            "failed",
            "audio open error",
        ),
        ("import sys; sys.exit(3)", "failed", "ended with 3"),
        ("", "no-speaker", "not installed"),
        ("muted", "muted", ""),
    ],
)
def test_where_it_cannot_be_heard_that_is_said(
    tmp_path: Path, signer: Signer, code: str, reason: str, detail: str
) -> None:
    more = player(tmp_path, code)
    if not code:
        more = '[sound]\nplayer = ["no-such-player"]\n'
    if code == "muted":
        more = "[sound]\nvolume = 0\n"
    with opened(tmp_path, signer, more=more) as kiosk:
        kiosk.fleet.say(signer.alarms(1, FIRE))
        silent = told(kiosk.fleet, "silent")
        assert silent.reason == reason
        assert detail in silent.detail


def test_a_voice_says_it_in_each_language_where_one_is_installed(tmp_path: Path, signer: Signer) -> None:
    spoken, voice = tmp_path / "spoken", tmp_path / "voice.py"
    voice.write_text(
        f"import sys; open({str(spoken)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n'); sys.stdout.buffer.write(b'RIFF')"
    )
    more = player(tmp_path, "import sys; sys.stdin.buffer.read()").replace(
        '["no-such-voice"]', f'["{sys.executable}", "{voice}"]'
    )
    with opened(tmp_path, signer, more=more) as kiosk:
        kiosk.fleet.say(signer.alarms(1, FIRE))
        told(kiosk.fleet, "audible")
    assert spoken.read_text().splitlines()[:2] == ["en -- Leave. Use the stairs", "cmn -- 请离开. "]


def test_the_tone_is_a_sound_file_as_loud_as_it_is_to_be() -> None:
    def loudest(data: bytes) -> int:
        with wave.open(BytesIO(data)) as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
            frames = file.readframes(file.getnframes())
        return max(
            abs(int.from_bytes(frames[n : n + 2], "little", signed=True)) for n in range(0, len(frames), 2)
        )

    assert loudest(tone(100)) > 28_000
    assert 0.45 < loudest(tone(50)) / loudest(tone(100)) < 0.55
    assert loudest(quieter(tone(100), 10)) <= loudest(tone(100)) // 10 + 1
    assert quieter(b"nothing", 10) == b"nothing"


# --- two brokers ----------------------------------------------------------------------------------------------


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[tuple[Broker, Broker]]:
    """The fleet's and the station's own."""
    if reason := missing("mosquitto"):
        pytest.skip(reason)
    found = tuple(start_broker(tmp_path / name, prefer="mosquitto") for name in ("fleet", "station"))
    yield found[0], found[1]
    for broker in found:
        broker.stop()


class Speaks:
    """Somebody at a broker who raises alarms, and hears what becomes of them."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.states: list[AlertState] = []
        self.client = Client(
            broker.host,
            broker.port,
            name,
            on_message=lambda _, body: self.states.append(decode(body, AlertState)),
        )
        self.client.subscribe(Address("demo", "s1", "K1").alert_states)
        self.client.start()
        until(lambda: self.client.connected)

    def say(self, said: Alerts) -> None:
        assert self.client.publish(Address("demo", "s1", "K1").alerts, encode(said), retain=True)


@pytest.mark.server
def test_with_the_fleets_broker_gone_the_stations_own_carries_alarms_and_the_highest_version_holds(
    tmp_path: Path, signer: Signer, brokers: tuple[Broker, Broker]
) -> None:
    far, near = brokers
    fleet, staff = Speaks(far, "fleet"), Speaks(near, "staff")
    agent_end, screen = memory_pair()
    seen: list[tuple[Shop, View]] = []
    more = f'{signer.publish(tmp_path)}\n[broker]\nhost = "{far.host}"\nport = {far.port}\n'
    more += f'[alert_broker]\nhost = "{near.host}"\nport = {near.port}\n[sound]\nvolume = 0\n'
    program = AgentProgram(config(tmp_path, more), agent_end, peripherals=MemoryPeripherals(), store=store())
    screen.listen(lambda shop, view: seen.append((shop, view)))
    program.start()
    until(lambda: seen)
    try:
        fleet.say(signer.alarms(10, structs.replace(FIRE, id="far")))
        until(lambda: isinstance(seen[-1][1], Emergency) and seen[-1][1].alert == "far")
        until(
            lambda: any(one.id == "far" for one in staff.states), "the station's own broker hears of it too"
        )
        fleet.client.stop()
        kill_broker(far)
        staff.say(signer.alarms(11, structs.replace(FIRE, id="near")))
        until(lambda: isinstance(seen[-1][1], Emergency) and seen[-1][1].alert == "near")
        staff.say(signer.alarms(9))
        screen.send(Displayed("near"))
        until(lambda: any((one.id, one.state) == ("near", "shown") for one in staff.states))
        assert isinstance(seen[-1][1], Emergency)
        staff.say(signer.alarms(12))
        until(lambda: isinstance(seen[-1][1], Attract))
    finally:
        screen.close()
        program.stop()
        staff.client.stop()
