"""payments.toml: what it may say, and the one line that tells what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from content.model import Aisle, Product
from content.model import Store as Shelves
from content.money import Money
from content.store import write_store
from fleet.catalogue import Catalogue
from fleet.cli.main import main
from fleet.config import Config
from fleet.live import Hub
from fleet.payments import sandbox_api as api
from fleet.payments.desk import PaymentDesk
from fleet.payments.entry import Entry
from fleet.payments.opening import BadPayments, Offered, open_desk, open_payments
from fleet.payments.port import ChargeRequest
from fleet.payments.sandbox import SandboxProvider
from fleet.payments.settings import BadSetting, Settings
from fleet.store.store import Store
from mqtt.messages import ChargeWanted, Line
from mqtt.topics import Address
from tests.servers import wait_until
from tests.stores import store_url

WHOLE = """
[merchant]
name = "Pendelo"
iban = "DE71110220330123456789"

[providers.play]
adapter = "sandbox"
url = "http://127.0.0.1:8081"
keys = "bank"

[providers.cards]
adapter = "sandbox"
url = "http://127.0.0.1:8082/"
keys = "bank"
pages = "http://10.0.0.5:8082"

[[methods]]
key = "epc"
provider = "play"
scheme = "epc"

[[methods]]
key = "link"
provider = "play"

[[methods]]
key = "card"
provider = "cards"

[stations."pendelo/lindenpark"]
methods = ["card", "epc"]

[stations."pendelo/lindenpark/wall-2"]
methods = ["card"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "payments.toml"
    path.write_text(text)
    return path


@pytest.fixture
def offer(tmp_path: Path) -> Iterator[Offered]:
    offered = open_payments(written(tmp_path, WHOLE))
    yield offered
    for method in offered.methods.values():
        method.provider.close()


@pytest.fixture
def desk(offer: Offered, tmp_path: Path) -> Iterator[PaymentDesk]:
    store = Store(store_url(tmp_path / "fleet.db"))
    opened = PaymentDesk(store, offer.methods, lambda *_: None, Hub(), lambda: 0, offer.stations)
    yield opened
    opened.close()
    store.close()


def test_several_providers_and_methods_in_the_files_order(offer: Offered, tmp_path: Path) -> None:
    assert [(key, m.provider.key) for key, m in offer.methods.items()] == [
        ("epc", "play"), ("link", "play"), ("card", "cards"),
    ]  # fmt: skip
    assert offer.methods["epc"].provider is offer.methods["link"].provider
    cards = offer.methods["card"].provider
    assert isinstance(cards, SandboxProvider)
    assert cards.pages == "http://10.0.0.5:8082"
    assert (tmp_path / "bank" / "keys.json").exists()


def test_a_kiosk_offers_what_is_said_for_it_then_for_its_station_then_everything(desk: PaymentDesk) -> None:
    assert desk.methods_at(Address("pendelo", "lindenpark", "wall-1")) == ("card", "epc")
    assert desk.methods_at(Address("pendelo", "lindenpark", "wall-2")) == ("card",)
    assert desk.methods_at(Address("pendelo", "harbour", "wall-1")) == ("epc", "link", "card")
    assert desk.pages == ("http://127.0.0.1:8081", "http://10.0.0.5:8082")


def test_what_a_station_does_not_offer_cannot_be_paid_there(desk: PaymentDesk) -> None:
    line = Line(gtin="09521100100113", name="Milk", quantity=1, price_minor=5, total_minor=5)
    order = "0" * 15
    wanted = ChargeWanted(
        id="q", expires_ms=0, order=order, reference=f"{order}0", method="link", currency="EUR", total_minor=5,
        lines=(line,), version="v",
    )  # fmt: skip
    answer = desk.handle(Address("pendelo", "lindenpark", "wall-1"), wanted)
    assert (answer.state, answer.reason) == ("failed", "no-such-method")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "Pendelo"', "", "merchant.name: a text expected, is missing"),
        ('iban = "DE7', 'eban = "DE7', "merchant.eban: no such field; known here: name, city"),
        ("DE71110220330123456789", "DE71110220330123456780", "methods.1.key: iban"),
        ('adapter = "sandbox"', 'adapter = "shells"', "providers.play.adapter: one of sandbox"),
        ('keys = "bank"', "keys = 3", "providers.play.keys: a text expected, is 3"),
        ('keys = "bank"', 'keys = "bank"\ncolour = "red"', "providers.play.colour: no such field"),
        ("http://127.0.0.1:8081", "http://bank.example", "providers.play.url: an https address"),
        ('key = "epc"\nprovider = "play"', 'key = "epc"\nprovider = "plya"', "methods.1.provider: one of play, cards"),
        ('key = "link"', 'key = "epc"', "methods.2.key: 'epc' is there already"),
        ('key = "link"', 'key = "shells"', "methods.2.key: 'shells' is none of link, card"),
        ('key = "link"', 'key = "lightning"', "confirmed by none"),
        ('scheme = "epc"', 'scheme = "swiss"', "methods.1.key: scheme 'swiss': a code under 'epc' is in epc"),
        ('key = "card"\nprovider = "cards"', 'key = "card"\nprovider = "play"', "providers.cards: no method uses it"),
        ('["card", "epc"]', '["card", "pix"]', "stations.pendelo/lindenpark.methods: 'pix' is none of epc, link"),
        ('"pendelo/lindenpark"', '"lindenpark"', 'stations.lindenpark: a station "tenant/site"'),
        ("[merchant]", "[merchants]", "merchants: no such table"),
        ("[merchant]", "[merchant", "line 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place_and_rule(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    assert old in WHOLE
    with pytest.raises(BadPayments, match=r"payments\.toml: ") as refusal:
        open_payments(written(tmp_path, WHOLE.replace(old, new, 1)))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_serve_says_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, WHOLE.replace("[providers.play]", "[provider.play]"))
    assert main(["serve", "--data", str(tmp_path), "--port", "0", "--payments", str(file)]) == 1
    assert main(["serve", "--data", str(tmp_path), "--port", "0", "--payments", str(tmp_path / "none")]) == 1
    assert main(
        ["serve", "--data", str(tmp_path), "--port", "0", "--payments", str(file), "--provider", "http://127.0.0.1:1"]
    ) == 1  # fmt: skip
    lines = capsys.readouterr().err.splitlines()
    assert ["no such table" in lines[0], "No such file" in lines[1], "one of them" in lines[2]] == [True] * 3


def publish(folder: Path, currency: str) -> Path:
    """A store with one product in that currency."""
    aisle = Aisle(key="a", names={"en": "A"})
    store = Shelves(key="s", names={"en": "S"}, currency=currency, languages=(), aisles=(aisle,))
    milk = Product(
        gtin="09521100100113", names={"en": "Milk"}, aisle="a", facing=1, price=Money(100, currency)
    )
    folder.mkdir(exist_ok=True)
    write_store(folder, store, [milk])
    return folder


def test_no_button_hangs_on_a_wall_that_nobody_could_pay_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, shelves = written(tmp_path, WHOLE), publish(tmp_path / "shelves", "BRL")
    serve = [
        "serve",
        "--data",
        str(tmp_path),
        "--port",
        "0",
        "--payments",
        str(file),
        "--catalogue",
        str(shelves),
    ]
    assert main(serve) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "method 'epc' by 'play': the store's prices are in BRL, it takes EUR" in line


def test_a_store_that_changes_its_currency_takes_its_buttons_along(tmp_path: Path) -> None:
    file, catalogue = written(tmp_path, WHOLE), Catalogue(publish(tmp_path / "shelves", "EUR"))
    store = Store(store_url(tmp_path / "fleet.db"))
    config = Config(data=tmp_path, payments=file)
    opened = open_desk(config, store, lambda *_: None, Hub(), catalogue)
    assert opened is not None
    wall = Address("pendelo", "lindenpark", "wall-1")
    assert opened.methods_at(wall) == ("card", "epc")
    publish(tmp_path / "shelves", "CHF")
    wait_until(lambda: opened.methods_at(wall) == ("card",), "prices in francs")
    opened.close()
    store.close()
    catalogue.close()


def test_keys_that_cannot_be_read_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bank").write_text("not a folder")
    serve = ["serve", "--data", str(tmp_path / "fleet"), "--port", "0", "--provider", "http://127.0.0.1:1"]
    assert main([*serve, "--provider-keys", str(tmp_path / "bank")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "--provider-keys" in line


def test_what_is_printed_holds_no_secret() -> None:
    keys = api.Keys(api_key="sk_1", webhook_secret="wh_1")
    line = Line(gtin="09521100100113", name="Milk", quantity=1, price_minor=5, total_minor=5)
    entry = Entry(
        reference="0" * 16, kiosk="a/b/c", order="0" * 15, channel="touch", method="card", provider="p", currency="EUR",
        minor=5, lines=(line,), version="v", ttl_s=60, asked_ms=0, card="pm_secret", claim_code="K7Q2-9MXT",
    )  # fmt: skip
    request = ChargeRequest(
        reference="0" * 16, method="card", amount=Money(5, "EUR"), description="", ttl_s=60, card="pm_secret"
    )
    printed = repr([keys, entry, request])
    assert not [word for word in ("sk_1", "wh_1", "pm_secret", "K7Q2") if word in printed]


def test_the_books_are_closed_to_others_whoever_made_their_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    store = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    with store.write():
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.glob("fleet.db*")}
    store.close()
    assert set(modes.values()) == {0}, modes


def test_a_secret_comes_from_a_file_that_is_closed_to_others(tmp_path: Path) -> None:
    secret = tmp_path / "stripe.key"
    secret.write_text("sk_test_1\n")

    def read() -> bytes:
        return Settings({"secret_key_file": "stripe.key"}, tmp_path, "providers.main").secret_file(
            "secret_key_file"
        )

    for mode in (0o600, 0o400, 0o640):
        secret.chmod(mode)
        assert read() == b"sk_test_1"
    secret.chmod(0o644)
    with pytest.raises(
        BadSetting, match=r"providers.main.secret_key_file: .* is open to every user \(mode 0644\)"
    ):
        read()
    secret.chmod(0o600)
    secret.write_text("\n")
    with pytest.raises(BadSetting, match="holds no secret"):
        read()
    secret.unlink()
    with pytest.raises(BadSetting, match="the file it names cannot be read: No such file") as refusal:
        read()
    assert "stripe.key" not in str(refusal.value), "it may be the secret itself, put in the wrong place"


def test_settings_are_typed_and_complete(tmp_path: Path) -> None:
    values = {"wait_s": 5, "live": True, "url": "https://api.example/", "currencies": ["EUR"]}
    settings = Settings(values, tmp_path)
    assert (settings.number("wait_s", most=60), settings.flag("live")) == (5, True)
    assert (settings.url("url"), settings.texts("currencies")) == ("https://api.example", ("EUR",))
    assert (settings.text("note", ""), settings.number("more", 3), settings.url("other", "")) == ("", 3, "")
    settings.done()
    for wrong in (True, "5", 61, 2.5):
        with pytest.raises(BadSetting, match=r"^wait_s: a whole number"):
            Settings({"wait_s": wrong}, tmp_path).number("wait_s", most=60)
    for address in ("http://api.example", "ftp://x", "https://", "https://[x", "api.example"):
        with pytest.raises(BadSetting, match=r"^url: an https address"):
            Settings({"url": address}, tmp_path).url("url")
