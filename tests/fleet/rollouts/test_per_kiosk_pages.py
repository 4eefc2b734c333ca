"""What a phone before a kiosk shows and pays is what that kiosk shows itself, to the cent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from content import pricing
from content.authored import Where, read_content, resolve, to_parts
from content.live_changes import LiveStore, in_force, read_set
from content.money import Money
from content.store import AnyStore, OpenStore, write_store
from fleet.config import Config
from fleet.live_changes.composing import Given
from fleet.payments.prices import differs
from fleet.serve import Fleet
from kiosk.adopting.making import wall_of
from mqtt.commands import Reported, Running
from mqtt.messages import Line, Presence
from mqtt.topics import Address
from tests.authored.folders import ROLL, a_folder
from tests.content.release.repositories import Operator
from tests.kiosk.adopting.releases import Folder
from tests.servers import wait_until

FLYER, TOWN, LATE = "demo/airport/FLYER", "demo/town/TOWN", "demo/airport/LATE"
OLD, NEW = "demo-000001", "demo-000002"
RUNS = {FLYER: NEW, TOWN: NEW, LATE: OLD}
DEAR = f"gtin\tprice\tsale_price\toffer\tavailability\n{ROLL}\t1.10 EUR\t\t\t\n"


class Street:
    """A fleet with pages, and what three kiosks themselves made of the releases they run."""

    def __init__(self, folder: Path) -> None:
        self.operator = Operator(folder / "operator", int(time.time()))
        for number, changed in enumerate(({}, {"airport": DEAR})):
            source = a_folder(folder / f"content-{number}", offers=None, **changed)
            content = read_content(source).content
            self.operator.publish(to_parts(content), current=not number)
        write_store(folder / "imported", *resolve(content, Where("demo", "nowhere", "none")))
        key = folder / "live.pem"
        key.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        self.fleet = Fleet(
            Config(
                data=folder / "fleet", broker_port=1, port=0, releases=self.operator.folder,
                catalogue=folder / "imported", live_key=key,
            )
        )  # fmt: skip
        self.glass: dict[str, OpenStore] = {}
        for kiosk, release in RUNS.items():
            address = Address(*kiosk.split("/"))
            root, _ = self.operator.repository.release(release)
            walls = folder / "walls" / kiosk.rpartition("/")[2]
            wall = wall_of(
                root,
                None,
                Folder(self.operator.folder),
                Where(address.tenant, address.site, address.kiosk),
                walls,
                "9",
            )
            self.glass[kiosk] = OpenStore(walls / wall.folder)

    def say(self) -> None:
        """The kiosks say what they run."""
        for kiosk, release in RUNS.items():
            report = Reported(
                version=0, wall_ms=1, release=self.glass[kiosk].store.version, orientation="portrait",
                content=Running(name=release, confirmed=True),
            )  # fmt: skip
            self.fleet.store.presence(kiosk, Presence(state="ready", boot="b", since_ms=1), 1)
            self.fleet.commands.desires.reported(Address(*kiosk.split("/")), report)

    def on_glass(self, kiosk: str) -> int:
        """What the kiosk asks for, with the live changes it was sent."""
        store: AnyStore = self.glass[kiosk]
        row = self.fleet.live_desk.book.sets().get(kiosk)
        if row is not None:
            store = LiveStore(store, in_force(read_set(row.said.body), RUNS[kiosk], int(time.time() * 1000)))
        product = store.product(ROLL)
        assert product is not None
        return pricing.price_at(product, int(time.time())).minor

    def on_phone(self, client: httpx.Client, kiosk: str) -> int:
        """What a phone is to pay that scanned the kiosk: put into a basket, in cents."""
        client.cookies.clear()
        name = kiosk.rpartition("/")[2]
        form = {"gtin": ROLL, "q": "1", "kiosk": name, "spot": "1", "then": "basket"}
        answer = client.post("/basket?lang=en", data=form)
        assert answer.status_code == 303, answer.text
        basket = client.get(answer.headers["location"]).text
        minor = next(each for each in range(1, 500) if f'name="minor" value="{each}"' in basket)
        page = client.get(f"/{name}/1/01/{ROLL}?lang=en", follow_redirects=True).text
        assert f"€{minor // 100}.{minor % 100:02}" in page
        return minor


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    made = Street(tmp_path_factory.mktemp("street"))
    with made.fleet:
        made.say()
        yield made
    for store in made.glass.values():
        store.close()


@pytest.fixture
def client(street: Street) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=street.fleet.url, trust_env=False, timeout=60, headers={"origin": street.fleet.url}
    ) as made:
        yield made


def settled(street: Street) -> bool:
    stores = street.fleet.catalogues
    return stores is not None and all(
        stores.version(kiosk) == glass.store.version for kiosk, glass in street.glass.items()
    )


def test_three_kiosks_three_prices_each_as_its_glass_shows(street: Street, client: httpx.Client) -> None:
    wait_until(lambda: settled(street), "the stores of the three", 60)
    assert [street.on_glass(kiosk) for kiosk in RUNS] == [110, 60, 80]
    assert [street.on_phone(client, kiosk) for kiosk in RUNS] == [110, 60, 80]
    search = client.get("/FLYER/1/s?q=roll&lang=en", follow_redirects=True).text
    assert "€1.10" in search


def test_a_price_lowered_for_one_group_is_lowered_there_on_glass_and_phone(
    street: Street, client: httpx.Client
) -> None:
    wait_until(lambda: settled(street), "the stores of the three", 60)
    given = street.fleet.live_desk.give(
        Given(
            scope="group:airport",
            gtin=ROLL,
            kind="price",
            price=Money(55, "EUR"),
            who="ada",
            why="ends today",
        )
    )
    wait_until(lambda: FLYER in street.fleet.live_desk.book.sets(), "the set of the airport", 60)
    wait_until(lambda: LATE in street.fleet.live_desk.book.sets(), "the set of the airport", 60)
    assert [street.on_glass(kiosk) for kiosk in RUNS] == [55, 60, 55]
    assert [street.on_phone(client, kiosk) for kiosk in RUNS] == [55, 60, 55]
    street.fleet.live_desk.undo(given.number, "bob", "over")
    assert [street.on_phone(client, kiosk) for kiosk in RUNS] == [110, 60, 80]


def test_a_charge_is_judged_by_the_store_its_kiosk_sold_from(street: Street) -> None:
    wait_until(lambda: settled(street), "the stores of the three", 60)
    stores = street.fleet.catalogues
    assert stores is not None
    for kiosk, glass in street.glass.items():
        minor, version = street.on_glass(kiosk), glass.store.version
        line = Line(gtin=ROLL, name="Roll", quantity=1, price_minor=minor, total_minor=minor)
        now = int(time.time())
        assert not differs([line], "EUR", version, stores.at(kiosk, version), now)
        other = Line(gtin=ROLL, name="Roll", quantity=1, price_minor=minor - 1, total_minor=minor - 1)
        assert differs([other], "EUR", version, stores.at(kiosk, version), now)


def test_health_and_metrics_say_how_the_stores_are(street: Street, client: httpx.Client) -> None:
    wait_until(lambda: settled(street), "the stores of the three", 60)
    assert client.get("/healthz").json()["releases"] == ""
    figures = client.get("/metrics").text
    assert "endcap_stores_kept 3.0" in figures
    assert "endcap_stores_kiosks_missing 0.0" in figures
