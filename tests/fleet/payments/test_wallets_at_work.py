"""WeChat Pay and Alipay in a whole fleet: opened from payments.toml, told of money by notifications over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest

from content.money import Money
from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.payments.desk import PaymentDesk
from fleet.payments.entry import Entry
from fleet.serve import Fleet
from mqtt.messages import CancelWanted, ChargeState, ChargeWanted, Line, RefundCharge, StatusWanted
from mqtt.topics import Address
from tests.fleet.payments import fake_keys
from tests.fleet.payments.fake_alipay import APP_ID, FakeAlipay, fake_alipay
from tests.fleet.payments.fake_wechat import APPID, KEY_ID, MCHID, SERIAL, FakeWeChat, fake_wechat
from tests.fleet.payments.provider_contract import key_of, request
from tests.fleet.payments.secrets_of import secret
from tests.fleet.payments.test_alipay_api import opened as alipay_opened
from tests.fleet.payments.test_wechat_api import opened as wechat_opened
from tests.servers import wait_until

pytestmark = pytest.mark.server

KIOSK = Address("pendelo", "line2", "wall-1")
METHODS = ("wechat", "alipay")
_orders = count(1)


def payments(folder: Path, wechat: FakeWeChat, alipay: FakeAlipay) -> Path:
    path = folder / "payments.toml"
    path.write_text(f"""
[merchant]
name = "Pendelo"

[providers.tencent]
adapter = "wechat"
mchid = "{MCHID}"
appid = "{APPID}"
certificate_serial = "{SERIAL}"
private_key_file = "{secret(folder, "apiclient.pem", fake_keys.private_pem(wechat.merchant))}"
api_v3_key_file = "{secret(folder, "apiv3.key", wechat.api_v3_key)}"
platform_key_id = "{KEY_ID}"
platform_key = "{secret(folder, "wechat.pem", fake_keys.public_pem(wechat.platform))}"
notify_url = "https://shop.example/webhooks/tencent"
url = "{wechat.server.url}"

[providers.ant]
adapter = "alipay"
app_id = "{APP_ID}"
private_key_file = "{secret(folder, "app.pem", fake_keys.private_pem(alipay.merchant))}"
alipay_public_keys = ["{secret(folder, "alipay.pem", fake_keys.public_pem(alipay.platform))}"]
notify_url = "https://shop.example/webhooks/ant"
url = "{alipay.server.url}/gateway.do"

[[methods]]
key = "wechat"
provider = "tencent"

[[methods]]
key = "alipay"
provider = "ant"
""")
    return path


@dataclass
class Shop:
    """A fleet with both wallets behind it."""

    url: str
    desk: PaymentDesk
    wechat: FakeWeChat
    alipay: FakeAlipay

    def order(self, method: str) -> tuple[str, ChargeState]:
        order = f"{next(_orders):015}"
        milk = Line(
            facing=1, gtin="04006381333931", name="牛奶", quantity=1, price_minor=1250, total_minor=1250
        )
        wanted = ChargeWanted(
            id="q", expires_ms=0, order=order, reference=f"{order}0", method=method, currency="CNY",
            total_minor=1250, lines=(milk,), version="v1",
        )  # fmt: skip
        answer = self.desk.handle(KIOSK, wanted)
        assert isinstance(answer, ChargeState)
        return wanted.reference, answer

    def entry(self, reference: str) -> Entry:
        entry = self.desk.book.get(reference)
        assert entry is not None
        return entry

    def stands(self, reference: str) -> str:
        return self.entry(reference).state.value

    def fake(self, method: str) -> FakeWeChat | FakeAlipay:
        return self.wechat if method == "wechat" else self.alipay

    def tell(self, method: str, reference: str) -> httpx.Response:
        """Call the fleet as the provider does."""
        name = "tencent" if method == "wechat" else "ant"
        return self.fake(method).send_notice(f"{self.url}/webhooks/{name}", reference)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("wallets")
    with fake_wechat() as wechat, fake_alipay() as alipay:
        config = Config(
            data=folder / "fleet", broker_host=broker.host, broker_port=broker.port, port=0,
            payments=payments(folder, wechat, alipay),
        )  # fmt: skip
        with Fleet(config) as running:
            assert running.services.payments is not None
            yield Shop(running.url, running.services.payments, wechat, alipay)


def taken(method: str, answer: httpx.Response) -> bool:
    """Whether the provider hears what it wants to hear, and will not send it again."""
    if method == "wechat":
        return (answer.status_code, answer.content) == (204, b"")
    return (answer.status_code, answer.text, answer.headers["content-type"]) == (
        200, "success", "text/plain; charset=utf-8"
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_code_is_checked_shown_paid_told_and_given_back(shop: Shop, method: str) -> None:
    reference, answer = shop.order(method)
    assert (answer.state, answer.reason) == ("created", "")
    assert answer.payload
    assert answer.domain == ("qr.alipay.com" if method == "alipay" else "")
    assert answer.expires_ms == shop.entry(reference).expires_ms > 0
    shop.fake(method).pay(reference)
    for _ in range(2):  # the provider says it twice
        assert taken(method, shop.tell(method, reference))
        assert shop.stands(reference) == "paid"
    assert shop.entry(reference).paid_minor == 1250
    shop.desk.handle(KIOSK, RefundCharge(id="r", expires_ms=0, reference=reference, reason="ended"))
    assert shop.stands(reference) == "refunded"
    assert len(shop.fake(method).refunds) == 1
    shop.fake(method).refunds.clear()


@pytest.mark.parametrize("method", METHODS)
def test_money_that_comes_after_all_is_known(shop: Shop, method: str) -> None:
    reference, _ = shop.order(method)
    shop.desk.handle(KIOSK, CancelWanted(id="c", expires_ms=0, reference=reference))
    assert shop.stands(reference) == "cancelled"
    shop.fake(method).take(reference)
    assert taken(method, shop.tell(method, reference))
    assert shop.stands(reference) == "late-paid"


def test_a_cancel_that_gave_the_money_back_leaves_nothing_owed(shop: Shop) -> None:
    reference, _ = shop.order("alipay")
    honest = shop.alipay._cancel

    def paid_meanwhile(number: str) -> dict[str, object]:
        shop.alipay.take(number)
        return honest(number)

    shop.alipay._cancel = paid_meanwhile  # type: ignore[method-assign]
    shop.desk.handle(KIOSK, CancelWanted(id="c", expires_ms=0, reference=reference))
    shop.alipay._cancel = honest  # type: ignore[method-assign]
    entry = shop.entry(reference)
    assert (entry.state.value, entry.paid_minor, entry.given_minor) == ("refunded", 1250, 1250)
    assert entry.owed_back == 0


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_that_got_lost_leaves_nothing_open(shop: Shop, method: str) -> None:
    server = shop.fake(method).server
    server.faults.append(("cut-after", "POST /v3/pay|.*precreate"))
    reference, answer = shop.order(method)
    assert (answer.state, answer.reason) == ("failed", "provider-down")

    def ended() -> bool:
        shop.desk.handle(KIOSK, StatusWanted(id="s", expires_ms=0, reference=reference))
        if method == "wechat":
            return bool(shop.wechat.orders[reference]["trade_state"] == "CLOSED")
        return bool(shop.alipay.codes[reference]["dead"])

    wait_until(ended, "the charge nobody was shown to be ended")


@pytest.mark.parametrize("method", METHODS)
def test_money_of_an_order_nobody_knows_is_a_persons_business(shop: Shop, method: str) -> None:
    fake = shop.fake(method)
    elsewhere = wechat_opened(fake) if isinstance(fake, FakeWeChat) else alipay_opened(fake)
    wanted = request(777, "CNY", method)
    object.__setattr__(wanted, "reference", f"ZZZZZZZZZZZZZZ{method[0].upper()}0")
    elsewhere.create(wanted, idem=key_of(wanted))
    elsewhere.close()
    fake.pay(wanted.reference)
    assert taken(method, shop.tell(method, wanted.reference))
    known = {
        row.stranger.reference: row.stranger.money for row in shop.desk.book.unresolved() if row.stranger
    }
    assert known[wanted.reference] == Money(777, "CNY")


@pytest.mark.parametrize("method", METHODS)
def test_a_notification_that_proves_nothing_is_refused(shop: Shop, method: str) -> None:
    reference, _ = shop.order(method)
    fake = shop.fake(method)
    fake.pay(reference)
    fake.platform, honest = fake_keys.key_called("somebody else"), fake.platform
    answer = shop.tell(method, reference)
    fake.platform = honest
    assert (answer.status_code, answer.content) == (400, b"")
    assert shop.stands(reference) == "created"
