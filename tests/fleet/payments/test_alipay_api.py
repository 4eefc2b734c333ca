"""Alipay as the fleet meets it: signatures both ways over real sockets, and a gateway that keeps its published rules."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from content.money import Money
from fleet.payments.alipay_api import wire
from fleet.payments.alipay_api.adapter import AlipayProvider
from fleet.payments.alipay_api.opening import open_provider
from fleet.payments.alipay_api.session import Account, Session
from fleet.payments.port import BadWebhook, Charge, News, Provider, ProviderDown, ProviderRefused, refund_key
from fleet.payments.settings import BadSetting, Settings
from tests.fleet.payments import fake_keys
from tests.fleet.payments.fake_alipay import APP_ID, FORM, SELLER_ID, FakeAlipay, fake_alipay
from tests.fleet.payments.fake_http import FAULTS, Fault
from tests.fleet.payments.provider_contract import ProviderContract, key_of, request
from tests.fleet.payments.sandbox_process import free_port
from tests.servers import wait_until

pytestmark = pytest.mark.server


class Shop(AlipayProvider):
    """The adapter with its session at hand, for tests that shorten its patience."""

    session: Session


def opened(fake: FakeAlipay, url: str = "") -> Shop:
    account = Account(
        app_id=APP_ID, private_key=fake.merchant, platform_keys=(fake.platform.public_key(),), seller_id=SELLER_ID,
        notify_url="https://shop.example/webhooks/alipay", url=f"{url or fake.server.url}/gateway.do",
    )  # fmt: skip
    session = Session(account, lambda: int(fake.now()), 5.0)
    shop = Shop("alipay", account, session, lambda: int(fake.now()))
    shop.session = session
    return shop


@contextmanager
def impatient(shop: Shop) -> Iterator[None]:
    shop.session.deadline_s = 0.3
    yield
    shop.session.deadline_s = 5.0


@pytest.fixture
def fake() -> Iterator[FakeAlipay]:
    with fake_alipay() as running:
        yield running


@pytest.fixture
def provider(fake: FakeAlipay) -> Iterator[Shop]:
    adapter = opened(fake)
    yield adapter
    adapter.close()


def created(provider: Provider, minor: int = 1250) -> Charge:
    wanted = request(minor, "CNY", "alipay")
    return provider.create(wanted, idem=key_of(wanted))


def asked(fake: FakeAlipay) -> list[str]:
    """The methods called so far."""
    return [each.query["method"].removeprefix("alipay.trade.") for each in fake.server.asked]


class TestAlipay(ProviderContract):
    method, currency = "alipay", "CNY"
    an_id = "0000000000000000.1250.1"
    odd = ()  # whoever pays pays what the trade is about

    @pytest.fixture(autouse=True)
    def _fake(self, fake: FakeAlipay) -> None:
        self.fake = fake

    @pytest.fixture
    def provider(self, fake: FakeAlipay) -> Iterator[Provider]:
        adapter = opened(fake)
        yield adapter
        adapter.close()

    @pytest.fixture
    def nobody(self, fake: FakeAlipay) -> Iterator[Provider]:
        adapter = opened(fake, f"http://127.0.0.1:{free_port()}")
        yield adapter
        adapter.close()

    def pay(self, charge: Charge, paid: Money | None = None) -> None:
        self.fake.pay(charge.reference)

    def webhook_of(self, charge: Charge) -> tuple[dict[str, str], bytes] | None:
        return FORM, self.fake.notice(charge.reference)


# --- trades -------------------------------------------------------------------------------------------------------


def test_the_order_bears_the_reference_and_an_exact_amount(provider: Shop, fake: FakeAlipay) -> None:
    wanted = request(1250, "CNY", "alipay")
    object.__setattr__(wanted, "description", "K7Q2 Milch & Brot/2 = 牛奶")
    charge = provider.create(wanted, idem=key_of(wanted))
    assert fake.codes[wanted.reference]["asked"] == {
        "out_trade_no": wanted.reference, "total_amount": "12.50", "subject": "K7Q2 Milch   Brot 2   牛奶",
        "timeout_express": "3m", "qr_code_timeout_express": "3m",
    }  # fmt: skip
    assert charge.payload.startswith("https://qr.alipay.com/")
    assert 178_000 <= charge.expires_ms - fake.now() * 1000 <= 180_000


@pytest.mark.parametrize("minor", [1, 99, 100, 10**10 - 1])
def test_amounts_are_exact(provider: Shop, fake: FakeAlipay, minor: int) -> None:
    charge = created(provider, minor)
    fake.pay(charge.reference)
    told = provider.status(charge.id)
    assert (told.amount, told.paid) == (Money(minor, "CNY"), Money(minor, "CNY"))


def test_a_code_that_was_scanned_says_so(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    assert provider.status(charge.id) == charge
    fake.scan(charge.reference)
    assert provider.status(charge.id).news is News.SCANNED
    fake.pay(charge.reference)
    assert provider.status(charge.id).news is News.PAID


def test_another_amount_is_told_as_it_came(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.extra = {"total_amount": "12.49", "receipt_amount": "10.00", "buyer_pay_amount": "10.00"}
    told = provider.status(charge.id)
    assert (told.news, told.paid, told.amount) == (News.PAID, Money(1249, "CNY"), Money(1250, "CNY"))


def test_nothing_that_was_paid_is_ever_cancelled(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    assert provider.cancel(charge.id).news is News.PAID
    assert not {"cancel", "close"} & set(asked(fake))


def test_a_code_nobody_has_scanned_is_cancelled_and_one_that_was_is_closed(
    provider: Shop, fake: FakeAlipay
) -> None:
    lonely, scanned = created(provider), created(provider)
    fake.scan(scanned.reference)
    for charge in (lonely, scanned):
        assert provider.cancel(charge.id).news is News.CANCELLED
    assert [each for each in asked(fake) if each in ("cancel", "close")] == ["cancel", "close"]
    assert fake.codes[lonely.reference]["dead"]
    assert fake.trades[scanned.reference]["status"] == "TRADE_CLOSED"


def test_a_payer_was_faster_than_the_close(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.scan(charge.reference)
    honest = fake._close

    def paid_meanwhile(number: str) -> dict[str, object]:
        fake.take(number)
        return honest(number)

    fake._close = paid_meanwhile  # type: ignore[method-assign]
    assert provider.cancel(charge.id).news is News.PAID


def test_a_cancel_that_gave_money_back_is_told_as_that(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    honest = fake._cancel

    def paid_meanwhile(number: str) -> dict[str, object]:
        fake.take(number)
        return honest(number)

    fake._cancel = paid_meanwhile  # type: ignore[method-assign]
    told = provider.cancel(charge.id)
    assert (told.news, told.paid, told.refunded_minor) == (News.REFUNDED, Money(1250, "CNY"), 1250)
    assert provider.status(charge.id) == told


def test_a_cancel_to_be_tried_again_is_no_answer(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.retry = True
    with pytest.raises(ProviderDown, match="tried again"):
        provider.cancel(charge.id)


@pytest.mark.parametrize("scanned", [False, True])
def test_a_charge_past_its_end_is_ended_when_it_is_looked_at(
    provider: Shop, fake: FakeAlipay, scanned: bool
) -> None:
    charge = created(provider)
    if scanned:
        fake.scan(charge.reference)
    fake.ahead_s = 181
    assert provider.status(charge.id).news is News.EXPIRED
    assert provider.status(charge.id).news is News.EXPIRED
    assert asked(fake).count("close") == scanned
    fake.take(charge.reference)
    assert provider.status(charge.id).news is News.PAID


def test_after_a_restart_a_charge_is_still_known(provider: Shop, fake: FakeAlipay) -> None:
    wanted = request(1250, "CNY", "alipay")
    charge = provider.create(wanted, idem=key_of(wanted))
    newborn = opened(fake)
    told = newborn.status(charge.id)
    assert (told.news, told.amount, told.expires_ms) == (News.OPEN, charge.amount, charge.expires_ms)
    assert newborn.create(wanted, idem=key_of(wanted)).news is News.OPEN  # another code of the same trade
    fake.pay(charge.reference)
    assert newborn.create(wanted, idem=key_of(wanted)).news is News.PAID
    third = opened(fake)
    assert third.create(wanted, idem=key_of(wanted)).news is News.PAID
    for each in (newborn, third):
        each.close()


def test_a_refused_order_is_a_no(provider: Shop, fake: FakeAlipay) -> None:
    wanted = request(0, "CNY", "alipay")
    with pytest.raises(ProviderRefused, match=r"ACQ\.INVALID_PARAMETER"):
        provider.create(wanted, idem=key_of(wanted))
    for method, currency in (("alipay", "HKD"), ("wechat", "CNY")):
        with pytest.raises(ProviderRefused, match="only alipay in CNY"):
            provider.create(request(1250, currency, method), idem="y")


def test_closed_without_money_is_not_closed_after_it(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.scan(charge.reference)
    fake.trades[charge.reference]["status"] = "TRADE_CLOSED"  # by Alipay, its time was up
    assert provider.status(charge.id).news is News.CANCELLED
    fake.trades[charge.reference]["paid_at"] = "2026-11-22 18:00:00"  # paid, and given back by hand
    told = provider.status(charge.id)
    assert (told.news, told.refunded_minor) == (News.REFUNDED, 1250)


# --- refunds ------------------------------------------------------------------------------------------------------


def test_part_of_the_money_goes_back(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    first = refund_key(charge.reference, 0)
    assert provider.refund(charge.id, 250, idem=first).done
    told = provider.status(charge.id)
    assert (told.news, told.refunded_minor) == (News.PAID, 250)
    with pytest.raises(ProviderRefused, match="idempotency"):
        provider.refund(charge.id, 300, idem=first)
    provider.refund(charge.id, 1000, idem=refund_key(charge.reference, 250))
    assert fake.trades[charge.reference]["status"] == "TRADE_CLOSED"
    told = provider.status(charge.id)
    assert (told.news, told.refunded_minor) == (News.REFUNDED, 1250)
    assert provider.refund(charge.id, 250, idem=first).done
    assert len(fake.refunds) == 2


def test_a_refund_under_way_is_not_done_and_is_not_made_twice(provider: Shop, fake: FakeAlipay) -> None:
    fake.slow_refunds = True
    charge = created(provider)
    fake.pay(charge.reference)
    idem = refund_key(charge.reference, 0)
    assert not provider.refund(charge.id, 1250, idem=idem).done
    assert not provider.refund(charge.id, 1250, idem=idem).done
    assert provider.status(charge.id).news is News.PAID
    fake.settle_refunds()
    assert provider.refund(charge.id, 1250, idem=idem).done
    assert provider.status(charge.id).news is News.REFUNDED
    assert len(fake.refunds) == 1


def test_an_empty_account_gives_back_later(provider: Shop, fake: FakeAlipay) -> None:
    fake.broke = True
    charge = created(provider)
    fake.pay(charge.reference)
    with pytest.raises(ProviderRefused, match="SELLER_BALANCE_NOT_ENOUGH"):
        provider.refund(charge.id, 1250, idem="back")
    fake.broke = False
    assert provider.refund(charge.id, 1250, idem="back").done


def test_refunds_by_many_threads_are_one(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    done: list[bool] = []

    def give_back() -> None:
        done.append(provider.refund(charge.id, 1250, idem="back").done)

    threads = [threading.Thread(target=give_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 8
    assert len(fake.refunds) == 1


# --- the network --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_network_does_the_trade_is_one(fake: FakeAlipay, provider: Shop, fault: Fault) -> None:
    wanted = request(1250, "CNY", "alipay")
    fake.server.faults.append((fault, ".*method=alipay.trade.precreate"))
    with impatient(provider), pytest.raises(ProviderDown):
        provider.create(wanted, idem=key_of(wanted))
    charge = provider.create(wanted, idem=key_of(wanted))
    assert (charge.news, list(fake.codes)) == (News.OPEN, [wanted.reference])
    assert provider.status(charge.id) == charge


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_network_does_money_goes_back_once(
    fake: FakeAlipay, provider: Shop, fault: Fault
) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.server.faults.append((fault, ".*method=alipay.trade.refund&"))
    with impatient(provider), pytest.raises(ProviderDown):
        provider.refund(charge.id, 1250, idem="back")
    assert provider.refund(charge.id, 1250, idem="back").done
    assert len(fake.refunds) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_no_answer_is_no_state(fake: FakeAlipay, provider: Shop, fault: Fault) -> None:
    lonely, scanned = created(provider), created(provider)
    fake.scan(scanned.reference)
    with impatient(provider):
        for method, charge, ask in (
            ("query", lonely, provider.status),
            ("cancel", lonely, provider.cancel),
            ("close", scanned, provider.cancel),
        ):
            fake.server.faults.append((fault, f".*method=alipay.trade.{method}&"))
            with pytest.raises(ProviderDown):
                ask(charge.id)
            fake.server.faults.clear()


@pytest.mark.parametrize("signs", ["not", "badly"])
def test_an_answer_alipay_has_not_signed_is_none(fake: FakeAlipay, provider: Shop, signs: str) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.signs = signs
    for ask in (provider.status, provider.cancel):
        with pytest.raises(ProviderDown, match="not signed by Alipay"):
            ask(charge.id)
    with pytest.raises(ProviderDown, match="not signed by Alipay"):
        created(provider)


def test_who_is_not_let_in_hears_no_lies_about_charges(fake: FakeAlipay) -> None:
    fake.merchant = fake_keys.key_called("somebody else")
    stranger = opened(fake)
    fake.merchant = fake_keys.key_called("alipay merchant")
    with pytest.raises(ProviderDown, match="invalid-signature"):
        created(stranger)
    stranger.close()


@pytest.mark.parametrize(
    "broken",
    [
        {"trade_status": "OTHER", "send_pay_date": None},
        {"total_amount": "12.505"},
        {"total_amount": "-1.00"},
        {"total_amount": "NaN"},
        {"total_amount": "1e999999999"},
        {"total_amount": "twelve"},
        {"total_amount": None},
        {"out_trade_no": "0123456789ABCDEF"},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_believed(
    provider: Shop, fake: FakeAlipay, broken: dict[str, object]
) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.extra = broken
    with pytest.raises(ProviderDown):
        provider.status(charge.id)


@pytest.mark.parametrize("amount", ["12.50", "12.5", 12.5])
def test_an_amount_may_come_as_a_number(provider: Shop, fake: FakeAlipay, amount: object) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.extra = {"total_amount": amount, "buyer_logon_id": None}
    assert provider.status(charge.id).paid == Money(1250, "CNY")


def test_a_part_of_an_answer_is_cut_out_as_it_was_sent() -> None:
    part = '{ "code" :"10000","sub_msg":"}\\"{","a":[{"b":"\\/"}], "c":"牛"}'
    body = f' {{"x_response" : {part} ,\n"sign":"abc"}} '.encode()
    found = wire.members(body)
    assert (found["x_response"].text, found["sign"].value) == (part, "abc")
    for wrong in (
        b"", b"{}", b"[]", b"1", b"{1:2}", b'{"a":1,"a":2}', b'{"a":1} x', b'{"a":1', b'{"a"}', b'{"a":1,}', b"\xff",
        b'{"a":' + b"[" * 100_000, b'{"a" 1}', b'{"a":1 "b":2}',
    ):  # fmt: skip
        with pytest.raises(ProviderDown, match="unreadable"):
            wire.members(wrong)


# --- notifications ------------------------------------------------------------------------------------------------


def test_a_notification_names_the_charge_by_its_reference(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    (event,) = provider.parse_webhook(FORM, fake.notice(charge.reference))
    assert (event.charge_id, event.reference) == (charge.reference, charge.reference)
    told = provider.status(event.charge_id)
    assert (told.news, told.paid, told.reference) == (News.PAID, Money(1250, "CNY"), charge.reference)
    assert (provider.receipt.status, provider.receipt.text) == (200, "success")


def test_a_bare_reference_tells_nothing_of_what_nobody_has_scanned(provider: Shop) -> None:
    charge = created(provider)
    with pytest.raises(ProviderRefused, match="unknown-charge"):
        provider.status(charge.reference)


def test_a_notification_is_alipays_fresh_and_about_us(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    good = fake.notice(charge.reference)
    assert provider.parse_webhook(FORM, good)
    for body in (
        good.replace(b"12.50", b"12.51"),
        good.replace(b"RSA2", b"RSA"),
        fake.notice(charge.reference, app_id="2019073166072303"),
        fake.notice(charge.reference, seller_id="2088000000000000"),
    ):
        with pytest.raises(BadWebhook, match="forged"):
            provider.parse_webhook(FORM, body)
    fake.ahead_s = 25 * 3600  # the last repetition
    assert provider.parse_webhook(FORM, good)
    fake.ahead_s = 27 * 3600
    with pytest.raises(BadWebhook, match="stale"):
        provider.parse_webhook(FORM, good)
    fake.ahead_s = -301
    with pytest.raises(BadWebhook, match="stale"):
        provider.parse_webhook(FORM, good)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"a", b"\xff=1", b"a=%ff", b"a=1&a=2", urlencode({str(n): n for n in range(101)}).encode()],
)
def test_a_notification_that_cannot_be_read_is_refused(provider: Shop, body: bytes) -> None:
    with pytest.raises(BadWebhook, match="malformed"):
        provider.parse_webhook(FORM, body)


def test_a_notification_about_no_trade_is_about_no_charge(provider: Shop, fake: FakeAlipay) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    assert provider.parse_webhook(FORM, fake.notice(charge.reference, out_trade_no="")) == []
    with pytest.raises(BadWebhook, match="notify_time"):
        provider.parse_webhook(FORM, fake.notice(charge.reference, notify_time="yesterday"))


def test_alipays_key_can_change(fake: FakeAlipay) -> None:
    new = fake_keys.key_called("alipay platform, the next")
    provider = opened(fake)
    account = Account(
        app_id=APP_ID, private_key=fake.merchant, platform_keys=(fake.platform.public_key(), new.public_key()),
        notify_url="https://shop.example/webhooks/alipay", url=f"{fake.server.url}/gateway.do",
    )  # fmt: skip
    both = AlipayProvider(
        "alipay", account, Session(account, lambda: int(fake.now()), 5.0), lambda: int(fake.now())
    )
    charge = created(both)
    fake.platform = new
    fake.pay(charge.reference)
    assert both.status(charge.id).news is News.PAID
    with pytest.raises(ProviderDown):
        provider.status(charge.id)
    both.close()
    provider.close()


def test_closing_the_provider_frees_its_connections(fake: FakeAlipay) -> None:
    provider = opened(fake)
    charges: list[Charge] = []
    threads = [threading.Thread(target=lambda: charges.append(created(provider))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({charge.id for charge in charges}) == 4
    assert fake.server.sockets
    provider.close()
    wait_until(lambda: not fake.server.sockets, "the connections to end")


# --- payments.toml ------------------------------------------------------------------------------------------------


def settings(fake: FakeAlipay, folder: Path, **changes: object) -> Settings:
    (folder / "alipay.pem").write_bytes(fake_keys.public_pem(fake.platform))
    bare = b"".join(fake_keys.public_pem(fake.platform).splitlines()[1:-1])
    (folder / "alipay.txt").write_bytes(bare + b"\n")  # as Alipay's page shows it
    for name, text in (
        ("app.key", b"".join(fake_keys.private_pem(fake.merchant).splitlines()[1:-1])),
        ("short.key", fake_keys.private_pem(fake_keys.key_called("short", 1024))),
    ):
        path = folder / name
        path.touch(0o600)
        path.write_bytes(text)
    values: dict[str, object] = {
        "app_id": APP_ID, "seller_id": SELLER_ID, "private_key_file": "app.key", "alipay_public_keys": ["alipay.txt"],
        "notify_url": "https://shop.example/webhooks/alipay", "url": f"{fake.server.url}/gateway.do",
    }  # fmt: skip
    kept = {name: value for name, value in (values | changes).items() if value is not None}
    return Settings(kept, folder, "providers.alipay")


def test_a_table_of_the_file_opens_the_provider(fake: FakeAlipay, tmp_path: Path) -> None:
    table = settings(fake, tmp_path, alipay_public_keys=["alipay.pem", "alipay.txt"])
    provider = open_provider("alipay", table)
    table.done()
    assert created(provider).news is News.OPEN
    provider.close()
    with pytest.raises(ProviderDown):
        created(provider)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"app_id": "wx1"}, "app_id"),
        ({"seller_id": "shop"}, "seller_id"),
        ({"private_key_file": "alipay.pem"}, "private_key_file"),
        ({"private_key_file": "short.key"}, "private_key_file"),
        ({"alipay_public_keys": []}, "alipay_public_keys"),
        ({"alipay_public_keys": None}, "alipay_public_keys"),
        ({"alipay_public_keys": ["nowhere.pem"]}, "alipay_public_keys"),
        ({"alipay_public_keys": ["app.key"]}, "alipay_public_keys"),
        ({"notify_url": "http://shop.example"}, "notify_url"),
        ({"url": "http://openapi.example"}, "url"),
        ({"deadline_s": 61}, "deadline_s"),
    ],
)
def test_a_table_that_cannot_be_says_which_field(
    fake: FakeAlipay, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    table = settings(fake, tmp_path, **changes)
    (tmp_path / "alipay.pem").chmod(0o600)
    with pytest.raises(BadSetting, match=f"^providers.alipay.{field}: "):
        open_provider("alipay", table)


def test_secrets_are_never_logged(fake: FakeAlipay, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = open_provider("alipay", settings(fake, tmp_path))
        charge = created(provider)
        fake.pay(charge.reference)
        provider.status(charge.id)
        fake.server.faults.append(("down", "POST"))
        with pytest.raises(ProviderDown) as down:
            provider.status(charge.id)
        with pytest.raises(BadWebhook) as bad:
            provider.parse_webhook(FORM, fake.notice(charge.reference, app_id="1"))
        shown = "\n".join(
            [repr(provider), repr(vars(provider)), str(down.value), str(bad.value),
             *(record.getMessage() for record in caplog.records)]
        )  # fmt: skip
        provider.close()
    pem = fake_keys.private_pem(fake.merchant).decode().splitlines()[1]
    for hidden in (pem, "xud***@126.com", "12.50"):
        assert hidden not in shown
