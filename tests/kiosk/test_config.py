"""The configuration: what is left out has a good default, what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config import BadConfig, load_config, parse_config
from kiosk.identity.identity import adopt
from kiosk.views import Panel
from mqtt.security import Tls
from tests.kiosk.test_identity import Fleet

PATHS = '[paths]\nstore = "store"\nstate = "state"\n'
ENOUGH = """
[address]
tenant = "demo"
site = "central"
kiosk = "K1"
[paths]
store = "store"
state = "/var/lib/endcap"
"""


DEVICE = """
[[devices]]
name = "{}"
model = "{}"
port = "/dev/x"
"""


def test_address_and_paths_are_enough(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(ENOUGH)
    config = load_config(file)
    assert str(config.address) == "demo/central/K1"
    assert (config.store, config.state) == (tmp_path / "store", Path("/var/lib/endcap"))
    assert (config.broker.host, config.broker.port) == ("127.0.0.1", 1883)
    assert config.glass == Panel()
    assert config.place.pictures == str(tmp_path / "store")
    assert config.session.charge_ttl_ms == 180_000


def test_everything_can_be_said(tmp_path: Path) -> None:
    config = parse_config(
        'public_host = "http://127.0.0.1:8800"\ntrust_clock = true\n'
        + ENOUGH
        + """
[broker]
host = "mqtt.example"
port = 8883
mqtt5 = true
[fleet]
answer_s = 20
health_s = 30
[panel]
width = 1920
height = 1080
fullscreen = false
[[devices]]
name = "scanner"
model = "line-scanner"
port = "/dev/endcap/scanner"
[session]
wall_idle_ms = 45000
""",
        tmp_path,
    )
    assert config.place.host == "http://127.0.0.1:8800"
    assert (config.glass.width, config.glass.height) == (1920, 1080)
    assert config.session.wall_idle_ms == 45_000
    assert [device.port for device in config.devices] == ["/dev/endcap/scanner"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", "missing required field `paths`"),
        (PATHS, "missing required field `address` (or `enrolment`)"),
        (
            ENOUGH + '[enrolment]\nfleet = "https://fleet.example"\n',
            "one of `address` and `enrolment`, got both",
        ),
        (
            PATHS + '[enrolment]\nfleet = "http://fleet.example"\n',
            "Expected https://HOST, got 'http://fleet.example'",
        ),
        (PATHS + '[enrolment]\nfleet = "https://fleet.example/x"\n', "at `enrolment.fleet`"),
        (ENOUGH + '[broker]\ncertificate = "c.pem"\n', "Expected `ca` beside"),
        (ENOUGH + '[broker]\nca = "ca.pem"\nkey = "k.pem"\n', "both of `certificate` and `key`"),
        ("[broker\n", "is not TOML"),
        (ENOUGH + '[broker]\nport = "1883"\n', "Expected `int`, got `str` - at `broker.port`"),
        (ENOUGH + "[broker]\nport = 70000\n", "<= 65535 - at `broker.port`"),
        (ENOUGH + '[broker]\nhots = "x"\n', "unknown field `hots` - at `broker`"),
        (ENOUGH + "[brokr]\n", "unknown field `brokr`"),
        (ENOUGH.replace('"K1"', '"K 1"'), "'K 1': a level has 1 to 32 of A-Z a-z 0-9 _ - - at `address`"),
        (
            'public_host = "shop.example"\n' + ENOUGH,
            "expected http(s)://name[:port] without a path - at `public_host`",
        ),
        (ENOUGH + "[session]\nwall_idle = 3\n", "unknown field `wall_idle` - at `session`"),
        (
            ENOUGH + "[session]\nwall_idle_ms = -1\n",
            "Expected `int` >= 0, got -1 - at `session.wall_idle_ms`",
        ),
        (ENOUGH + '[session]\nwall_idle_ms = "3"\n', "got '3' - at `session.wall_idle_ms`"),
        (ENOUGH + DEVICE.format("scanner", "acme"), "no model 'acme'; there are line-scanner, "),
        (ENOUGH + DEVICE.format("scanner", "escpos"), "'escpos' is a printer - at `devices[0].name`"),
        (
            ENOUGH + 2 * DEVICE.format("printer", "escpos"),
            "a second printer; one is used - at `devices[1].name`",
        ),
        (ENOUGH + DEVICE.format("kettle", "escpos"), "'kettle': expected scanner, reader or printer"),
        (
            ENOUGH + 2 * DEVICE.format("scanner", "line-scanner"),
            "a second scanner; expected another name, such as scanner-2",
        ),
        (
            ENOUGH + DEVICE.format("scanner", "line-scanner") + DEVICE.format("scanner-2", "line-scanner"),
            "'/dev/x' is the port of scanner already - at `devices[1].port`",
        ),
        (
            ENOUGH + DEVICE.format("reader-2", "line-scanner"),
            "'line-scanner' is a scanner - at `devices[0].name`",
        ),
        (
            ENOUGH + DEVICE.format("scanner", "line-scanner").replace("/dev/x", "/dev/ttyACM0"),
            "expected auto, usb:VVVV:PPPP[:SERIAL], slot:1-1.3 or a udev link - at `devices[0].port`",
        ),
        (
            ENOUGH + DEVICE.format("scanner", "line-scanner").replace("/dev/x", "usb:12:34"),
            "'usb:12:34': expected auto, usb:VVVV:PPPP[:SERIAL], ",
        ),
        (ENOUGH + "[panel]\nwidth = 12\n", "at `panel.width`"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_key_and_what_was_expected(
    tmp_path: Path, wrong: str, said: str
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(wrong)
    with pytest.raises(BadConfig) as caught:
        load_config(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert said in str(caught.value)


def test_two_scanners_are_two_names(tmp_path: Path) -> None:
    two = DEVICE.format("scanner", "line-scanner") + DEVICE.format("scanner-2", "line-scanner").replace(
        "/dev/x", "slot:1-2"
    )
    config = parse_config(ENOUGH + two, tmp_path)
    assert [(one.name, one.port) for one in config.devices] == [
        ("scanner", "/dev/x"),
        ("scanner-2", "slot:1-2"),
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"kiosk\.toml: cannot be read: No such file"):
        load_config(tmp_path / "kiosk.toml")


def test_who_the_kiosk_is_may_be_left_to_its_fleet(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(PATHS + '[enrolment]\nfleet = "https://fleet.example/"\nca = "our-ca.pem"\n')
    new = load_config(file)
    assert not new.enrolled
    assert new.enrolment is not None
    assert (new.enrolment.fleet, new.enrolment.ca) == ("https://fleet.example", str(tmp_path / "our-ca.pem"))
    adopt(new.identity, Fleet().parts())
    known = load_config(file)
    assert known.enrolled
    assert (str(known.address), known.broker.host, known.broker.port) == (
        "acme/north/K1", "broker.example", 8883,
    )  # fmt: skip
    assert known.tls is not None
    (new.identity / "key.pem").write_bytes(b"rust")
    assert not load_config(file).enrolled  # it enrols anew
    file.write_text(PATHS)
    with pytest.raises(BadConfig, match="not a private key"):
        load_config(file)


def test_tls_without_enrolment(tmp_path: Path) -> None:
    more = '[broker]\nca = "ca.pem"\ncertificate = "c.pem"\nkey = "/etc/k.pem"\nserver_name = "mqtt"\n'
    config = parse_config(ENOUGH + more, tmp_path)
    assert config.tls == Tls(tmp_path / "ca.pem", tmp_path / "c.pem", Path("/etc/k.pem"), "mqtt")
    assert parse_config(ENOUGH, tmp_path).tls is None
