"""The adapters in a whole fleet: opened from payments.toml, their codes checked by the codecs, their webhooks over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest

from fleet.broker.broker import Broker
from fleet.cli.main import main
from fleet.config import Config
from fleet.payments.desk import PaymentDesk
from fleet.serve import Fleet
from mqtt.messages import CancelWanted, ChargeState, ChargeWanted, Line, RefundCharge, StatusWanted
from mqtt.topics import Address
from tests.fleet.payments.fake_pix import CLIENT_ID, FakePix, fake_pix
from tests.fleet.payments.fake_stripe import FakeStripe, fake_stripe
from tests.fleet.payments.secrets_of import secret
from tests.servers import wait_until

pytestmark = pytest.mark.server

KIOSK = Address("pendelo", "line2", "wall-1")
SECRET = "s" * 43
CURRENCY = {"pix": "BRL", "promptpay": "THB", "paynow": "SGD", "wechat": "CNY", "link": "EUR"}
_orders = count(1)


def payments(folder: Path, pix: FakePix, stripe: FakeStripe) -> Path:
    path = folder / "payments.toml"
    methods = "\n".join(
        f'[[methods]]\nkey = "{key}"\nprovider = "{"pix" if key == "pix" else "main"}"' for key in CURRENCY
    )
    path.write_text(f"""
[merchant]
name = "Pendelo"

[providers.pix]
adapter = "pix-api"
url = "{pix.url}"
token_url = "{pix.token_url}"
client_id = "{CLIENT_ID}"
client_secret_file = "{secret(folder, "client.secret", pix.client_secret)}"
certificate = "{pix.client.certificate}"
private_key = "{pix.client.private_key}"
ca = "{pix.ca.certificate}"
pix_key = "{pix.pix_key}"
webhook_secret_file = "{secret(folder, "hook.secret", SECRET)}"

[providers.main]
adapter = "stripe"
secret_key_file = "{secret(folder, "stripe.key", stripe.secret_key)}"
webhook_secret_file = "{secret(folder, "stripe.hook", stripe.webhook_secret)}"
api_base = "{stripe.server.url}"
billing_email = "till@shop.example"
return_url = "https://shop.example/thanks"

{methods}
""")
    return path


@dataclass
class Shop:
    """A fleet with both providers behind it."""

    url: str
    desk: PaymentDesk
    file: Path
    pix: FakePix
    stripe: FakeStripe

    def order(self, method: str) -> tuple[str, ChargeState]:
        order = f"{next(_orders):015}"
        milk = Line(
            facing=1, gtin="04006381333931", name="Milk", quantity=1, price_minor=1250, total_minor=1250
        )
        wanted = ChargeWanted(
            id="q", expires_ms=0, order=order, reference=f"{order}0", method=method, currency=CURRENCY[method],
            total_minor=1250, lines=(milk,), version="v1",
        )  # fmt: skip
        answer = self.desk.handle(KIOSK, wanted)
        assert isinstance(answer, ChargeState)
        return wanted.reference, answer

    def charge_id(self, reference: str) -> str:
        entry = self.desk.book.get(reference)
        assert entry is not None
        return entry.charge_id

    def stands(self, reference: str) -> str:
        entry = self.desk.book.get(reference)
        assert entry is not None
        return entry.state.value

    def pay(self, method: str, reference: str) -> None:
        (self.pix if method == "pix" else self.stripe).pay(self.charge_id(reference))

    def tell(self, method: str, reference: str) -> httpx.Response:
        """Call the fleet's webhook as the provider does."""
        name = self.charge_id(reference)
        if method == "pix":
            self.pix.webhook_url = self.pix.webhook_url or f"{self.url}/webhooks/pix/{SECRET}"
            return self.pix.send_notice(name)
        told = (
            ("checkout.session.completed", self.stripe.sessions)
            if method == "link"
            else ("payment_intent.succeeded", self.stripe.intents)
        )
        body = self.stripe.event(told[0], told[1][name])
        return httpx.post(
            f"{self.url}/webhooks/main", content=body, headers=self.stripe.signed(body), trust_env=False
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("adapters")
    with fake_pix(folder) as pix, fake_stripe() as stripe:
        config = Config(
            data=folder / "fleet", broker_host=broker.host, broker_port=broker.port, port=0,
            payments=payments(folder, pix, stripe),
        )  # fmt: skip
        with Fleet(config) as running:
            assert running.services.payments is not None
            yield Shop(running.url, running.services.payments, folder / "payments.toml", pix, stripe)


@pytest.mark.parametrize("method", CURRENCY)
def test_a_code_is_checked_shown_paid_and_told(shop: Shop, method: str) -> None:
    reference, answer = shop.order(method)
    assert (answer.state, answer.reason) == ("created", "")
    assert answer.payload
    assert answer.domain == ("checkout.stripe.com" if method == "link" else "")
    shop.pay(method, reference)
    assert shop.tell(method, reference).status_code == 204
    assert shop.stands(reference) == "paid"
    shop.desk.handle(KIOSK, RefundCharge(id="r", expires_ms=0, reference=reference, reason="ended"))
    assert shop.stands(reference) == "refunded"


@pytest.mark.parametrize("method", CURRENCY)
def test_money_that_comes_after_all_is_known(shop: Shop, method: str) -> None:
    reference, _ = shop.order(method)
    shop.desk.handle(KIOSK, CancelWanted(id="c", expires_ms=0, reference=reference))
    assert shop.stands(reference) == "cancelled"
    shop.pay(method, reference)
    assert shop.tell(method, reference).status_code == 204
    assert shop.stands(reference) == "late-paid"


@pytest.mark.parametrize("method", ["pix", "paynow"])
def test_an_answer_that_got_lost_leaves_nothing_open(shop: Shop, method: str) -> None:
    server = (shop.pix if method == "pix" else shop.stripe).server
    server.faults.append(("cut-after", "PUT /api/v2/cob|POST /v1/payment_intents"))
    reference, answer = shop.order(method)
    assert (answer.state, answer.reason) == ("failed", "provider-down")

    def ended() -> bool:
        shop.desk.handle(KIOSK, StatusWanted(id="s", expires_ms=0, reference=reference))
        found = [cob["status"] for txid, cob in shop.pix.cobs.items() if txid.startswith(reference)]
        found += [
            i["status"] for i in shop.stripe.intents.values() if i["metadata"]["reference"] == reference
        ]
        return found in (["REMOVIDA_PELO_USUARIO_RECEBEDOR"], ["canceled"])

    wait_until(ended, "the charge nobody was shown to be ended")


@pytest.mark.parametrize(
    "send",
    [
        lambda url, body: httpx.post(f"{url}/webhooks/pix", content=body, trust_env=False),
        lambda url, body: httpx.post(f"{url}/webhooks/pix/{SECRET[1:]}/pix", content=body, trust_env=False),
        lambda url, body: httpx.post(f"{url}/webhooks/pix/pix?x={SECRET}x", content=body, trust_env=False),
        lambda url, body: httpx.post(f"{url}/webhooks/main/{SECRET}", content=body, trust_env=False),
    ],
)
def test_a_webhook_that_proves_nothing_is_refused(
    shop: Shop, send: Callable[[str, bytes], httpx.Response]
) -> None:
    reference, _ = shop.order("pix")
    shop.pay("pix", reference)
    assert send(shop.url, shop.pix.notice(shop.charge_id(reference))).status_code == 400
    assert shop.stands(reference) == "created"


def test_the_webhooks_address_is_registered_by_a_command(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.pix.webhook_url = ""
    command = ["pix-webhook", "--payments", str(shop.file), "--provider"]
    assert main([*command, "pix", "--url", "https://shop.example/"]) == 0
    assert shop.pix.webhook_url == f"https://shop.example/webhooks/pix/{SECRET}"
    shop.pix.webhook_url = ""
    for provider, url in (("main", "https://x"), ("other", "https://x"), ("pix", "http://shop.example")):
        assert main([*command, provider, "--url", url]) == 1
    said = "".join(capsys.readouterr())
    assert SECRET not in said
    assert "providers.main.adapter" in said
    assert "providers.other" in said
    assert "--url: an https address" in said
