"""WeChat Pay as the fleet meets it: signatures both ways over real sockets, and a provider that keeps its published rules."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from content.money import Money
from fleet.payments.port import BadWebhook, Charge, News, Provider, ProviderDown, ProviderRefused, refund_key
from fleet.payments.settings import BadSetting, Settings
from fleet.payments.wechat_api import wire
from fleet.payments.wechat_api.adapter import WeChatProvider
from fleet.payments.wechat_api.opening import open_provider
from fleet.payments.wechat_api.seal import Platform, PlatformKey
from fleet.payments.wechat_api.session import Account, Session
from fleet.payments.wishes import name_of
from tests.fleet.payments import fake_keys
from tests.fleet.payments.fake_http import FAULTS, Fault
from tests.fleet.payments.fake_wechat import APPID, KEY_ID, MCHID, SERIAL, FakeWeChat, fake_wechat
from tests.fleet.payments.provider_contract import ProviderContract, key_of, request
from tests.fleet.payments.sandbox_process import free_port
from tests.servers import wait_until

pytestmark = pytest.mark.server


class Shop(WeChatProvider):
    """The adapter with its session at hand, for tests that shorten its patience."""

    session: Session


def opened(fake: FakeWeChat, url: str = "", platform: Platform | None = None) -> Shop:
    account = Account(
        mchid=MCHID, appid=APPID, serial=SERIAL, private_key=fake.merchant, api_v3_key=fake.api_v3_key,
        notify_url="https://shop.example/webhooks/wechat", url=url or fake.server.url,
    )  # fmt: skip
    platform = platform or Platform({KEY_ID: PlatformKey(fake.platform.public_key())})
    session = Session(account, platform, lambda: int(fake.now()), 5.0)
    shop = Shop("wechat", account, platform, session, lambda: int(fake.now()))
    shop.session = session
    return shop


@contextmanager
def impatient(shop: Shop) -> Iterator[None]:
    shop.session.deadline_s = 0.3
    yield
    shop.session.deadline_s = 5.0


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with fake_wechat() as running:
        yield running


@pytest.fixture
def provider(fake: FakeWeChat) -> Iterator[Shop]:
    adapter = opened(fake)
    yield adapter
    adapter.close()


def created(provider: Provider, minor: int = 1250) -> Charge:
    wanted = request(minor, "CNY", "wechat")
    return provider.create(wanted, idem=key_of(wanted))


class TestWeChat(ProviderContract):
    method, currency = "wechat", "CNY"
    an_id = "0000000000000000.1250.1"
    odd = ()  # whoever pays pays what the order is about

    @pytest.fixture(autouse=True)
    def _fake(self, fake: FakeWeChat) -> None:
        self.fake = fake

    @pytest.fixture
    def provider(self, fake: FakeWeChat) -> Iterator[Provider]:
        adapter = opened(fake)
        yield adapter
        adapter.close()

    @pytest.fixture
    def nobody(self, fake: FakeWeChat) -> Iterator[Provider]:
        adapter = opened(fake, f"http://127.0.0.1:{free_port()}")
        yield adapter
        adapter.close()

    def pay(self, charge: Charge, paid: Money | None = None) -> None:
        self.fake.pay(charge.reference)

    def webhook_of(self, charge: Charge) -> tuple[dict[str, str], bytes] | None:
        body = self.fake.notice(charge.reference)
        return self.fake.signed(body), body


# --- orders -------------------------------------------------------------------------------------------------------


def test_the_order_bears_the_reference_and_ends_when_the_charge_does(
    provider: Shop, fake: FakeWeChat
) -> None:
    wanted = request(1250, "CNY", "wechat")
    charge = provider.create(wanted, idem=key_of(wanted))
    order = fake.orders[wanted.reference]
    assert charge.payload == order["code_url"]
    assert order["asked"]["description"] == "Order"
    assert order["asked"]["notify_url"] == "https://shop.example/webhooks/wechat"
    assert charge.expires_ms == order["ends"] * 1000
    assert 178_000 <= charge.expires_ms - fake.now() * 1000 <= 180_000


def test_words_too_long_are_cut_between_letters(provider: Shop, fake: FakeWeChat) -> None:
    wanted = request(1250, "CNY", "wechat")
    object.__setattr__(wanted, "description", f"K7Q2 {'牛奶' * 40}")
    provider.create(wanted, idem=key_of(wanted))
    said = fake.orders[wanted.reference]["asked"]["description"]
    assert said == f"K7Q2 {'牛奶' * 20}"
    assert len(said.encode()) <= 127


def test_a_coupon_is_not_too_little_money(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.pay(charge.reference, coupon=250)
    assert fake.orders[charge.reference]["told"]["amount"]["payer_total"] == 1000
    told = provider.status(charge.id)
    assert (told.news, told.paid) == (News.PAID, Money(1250, "CNY"))
    assert provider.refund(charge.id, 1250, idem=refund_key(charge.reference, 0)).done


def test_another_amount_or_currency_is_told_as_it_came(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.orders[charge.reference]["told"]["amount"] |= {"total": 1249, "currency": "HKD"}
    told = provider.status(charge.id)
    assert (told.news, told.paid, told.amount) == (News.PAID, Money(1249, "HKD"), Money(1250, "CNY"))


def test_an_order_past_its_end_is_closed_when_it_is_looked_at(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.ahead_s = 181
    assert fake.orders[charge.reference]["trade_state"] == "NOTPAY"
    assert provider.status(charge.id).news is News.EXPIRED
    assert fake.orders[charge.reference]["trade_state"] == "CLOSED"
    assert provider.status(charge.id).news is News.EXPIRED


def test_after_a_restart_a_charge_is_still_known(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    newborn = opened(fake)
    told = newborn.status(charge.id)
    assert (told.news, told.amount, told.expires_ms) == (News.OPEN, charge.amount, charge.expires_ms)
    fake.ahead_s = 181
    assert newborn.status(charge.id).news is News.EXPIRED
    newborn.close()


def test_an_order_whose_code_a_crash_has_lost_is_ended(provider: Shop, fake: FakeWeChat) -> None:
    wanted = request(1250, "CNY", "wechat")
    provider.create(wanted, idem=key_of(wanted))
    fake.ahead_s = 5  # the same wish now ends later, and WeChat Pay takes no other end
    newborn = opened(fake)
    assert newborn.create(wanted, idem=key_of(wanted)).news is News.CANCELLED
    assert fake.orders[wanted.reference]["trade_state"] == "CLOSED"
    newborn.close()


def test_a_refused_order_is_a_no(provider: Shop, fake: FakeWeChat) -> None:
    wanted = request(0, "CNY", "wechat")
    with pytest.raises(ProviderRefused, match="PARAM_ERROR"):
        provider.create(wanted, idem=key_of(wanted))
    assert fake.orders == {}
    for method, currency in (("wechat", "HKD"), ("alipay", "CNY")):
        with pytest.raises(ProviderRefused, match="only wechat in CNY"):
            provider.create(request(1250, currency, method), idem="y")


def test_a_payer_was_faster_than_the_cancel(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    honest = fake._close

    def paid_meanwhile(number: str, body: dict[str, object]) -> tuple[int, object]:
        fake.take(number)
        return honest(number, body)

    fake._close = paid_meanwhile  # type: ignore[method-assign]
    assert provider.cancel(charge.id).news is News.PAID


def test_whoever_is_typing_a_password_is_waited_for(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.orders[charge.reference]["trade_state"] = "USERPAYING"
    assert provider.status(charge.id).news is News.SCANNED
    assert provider.cancel(charge.id).news is News.SCANNED
    fake.pay(charge.reference)
    assert provider.cancel(charge.id).news is News.PAID


def test_late_money_counts_although_the_order_was_closed(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    assert provider.cancel(charge.id).news is News.CANCELLED
    fake.take(charge.reference)
    assert provider.status(charge.id).news is News.PAID


def test_closing_nothing_is_no_cancelled_charge(provider: Shop) -> None:
    with pytest.raises(ProviderRefused, match="ORDER_NOT_EXIST"):
        provider.cancel("0000000000000000.1250.9999999999")


def test_what_may_be_absent_may_be_null(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.orders[charge.reference]["told"] = dict.fromkeys(
        ("amount", "success_time", "payer", "transaction_id")
    )
    assert provider.status(charge.id) == charge
    fake.orders[charge.reference]["trade_state"] = "SUCCESS"
    fake.orders[charge.reference]["told"]["amount"] = {"total": 1250, "payer_total": None, "currency": None}
    assert provider.status(charge.id).paid == Money(1250, "CNY")


@pytest.mark.parametrize("minor", [1, 99, 100, 12_345_678_901 // 10])
def test_amounts_are_exact(provider: Shop, fake: FakeWeChat, minor: int) -> None:
    charge = created(provider, minor)
    fake.pay(charge.reference)
    told = provider.status(charge.id)
    assert (told.amount, told.paid) == (Money(minor, "CNY"), Money(minor, "CNY"))


# --- refunds ------------------------------------------------------------------------------------------------------


def test_part_of_the_money_goes_back(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    first = refund_key(charge.reference, 0)
    assert provider.refund(charge.id, 250, idem=first).done
    told = provider.status(charge.id)
    assert (told.news, told.refunded_minor) == (News.PAID, 250)
    with pytest.raises(ProviderRefused, match="idempotency"):
        provider.refund(charge.id, 300, idem=first)
    rest = refund_key(charge.reference, 250)
    with pytest.raises(ProviderRefused, match="INVALID_REQUEST"):
        provider.refund(charge.id, 1001, idem=rest)
    provider.refund(charge.id, 1000, idem=rest)
    assert provider.status(charge.id).news is News.REFUNDED
    assert len(fake.refunds) == 2


def test_a_refund_under_way_is_not_done_and_is_not_made_twice(provider: Shop, fake: FakeWeChat) -> None:
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


def test_a_refund_that_was_closed_is_made_again_under_the_next_number(
    provider: Shop, fake: FakeWeChat
) -> None:
    fake.next_refunds = ["CLOSED", "CLOSED"]
    charge = created(provider)
    fake.pay(charge.reference)
    idem = refund_key(charge.reference, 0)
    for _ in range(2):
        with pytest.raises(ProviderRefused, match="CLOSED"):
            provider.refund(charge.id, 1250, idem=idem)
        assert provider.status(charge.id).refunded_minor == 0
    assert provider.refund(charge.id, 1250, idem=idem).done
    assert provider.refund(charge.id, 1250, idem=idem).done
    assert [each["status"] for each in fake.refunds.values()] == ["CLOSED", "CLOSED", "SUCCESS"]
    assert provider.status(charge.id).refunded_minor == 1250


def test_a_refund_nobody_can_take_waits_for_a_person(provider: Shop, fake: FakeWeChat) -> None:
    fake.next_refunds, fake.broke = ["ABNORMAL"], True
    charge = created(provider)
    fake.pay(charge.reference)
    idem = refund_key(charge.reference, 0)
    with pytest.raises(ProviderRefused, match="NOT_ENOUGH"):
        provider.refund(charge.id, 1250, idem=idem)
    fake.broke = False
    for _ in range(2):
        with pytest.raises(ProviderRefused, match="ABNORMAL"):
            provider.refund(charge.id, 1250, idem=idem)
    (number,) = fake.refunds
    fake.refunds[number]["status"] = "SUCCESS"  # somebody has paid it out by hand
    assert provider.refund(charge.id, 1250, idem=idem).done


def test_refunds_by_many_threads_are_one(provider: Shop, fake: FakeWeChat) -> None:
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
def test_whatever_the_network_does_the_order_is_made_once(
    fake: FakeWeChat, provider: Shop, fault: Fault
) -> None:
    wanted = request(1250, "CNY", "wechat")
    fake.server.faults.append((fault, "POST /v3/pay"))
    with impatient(provider), pytest.raises(ProviderDown):
        provider.create(wanted, idem=key_of(wanted))
    charge = provider.create(wanted, idem=key_of(wanted))
    assert (charge.news, list(fake.orders)) == (News.OPEN, [wanted.reference])
    assert provider.status(charge.id) == charge


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_network_does_money_goes_back_once(
    fake: FakeWeChat, provider: Shop, fault: Fault
) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    fake.server.faults.append((fault, "POST /v3/refund"))
    with impatient(provider), pytest.raises(ProviderDown):
        provider.refund(charge.id, 1250, idem="back")
    assert provider.refund(charge.id, 1250, idem="back").done
    assert len(fake.refunds) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_no_answer_is_no_state(fake: FakeWeChat, provider: Shop, fault: Fault) -> None:
    charge = created(provider)
    with impatient(provider):
        for pattern, ask in (("GET", provider.status), ("POST", provider.cancel)):
            fake.server.faults.append((fault, pattern))
            with pytest.raises(ProviderDown):
                ask(charge.id)
            fake.server.faults.clear()


@pytest.mark.parametrize("signs", ["not", "badly", "late"])
def test_an_answer_wechat_pay_has_not_signed_is_none(fake: FakeWeChat, provider: Shop, signs: str) -> None:
    charge = created(provider)
    fake.signs = signs
    for ask in (provider.status, provider.cancel):
        with pytest.raises(ProviderDown, match="not signed by WeChat Pay"):
            ask(charge.id)
    wanted = request(1250, "CNY", "wechat")
    with pytest.raises(ProviderDown):
        provider.create(wanted, idem=key_of(wanted))


def test_who_is_not_let_in_hears_no_lies_about_charges(fake: FakeWeChat) -> None:
    fake.merchant = fake_keys.key_called("somebody else")
    stranger = opened(fake)
    fake.merchant = fake_keys.key_called("wechat merchant")
    with pytest.raises(ProviderDown, match="401"):
        created(stranger)
    stranger.close()


@pytest.mark.parametrize(
    "broken",
    [
        {"trade_state": "OTHER"},
        {"amount": None},
        {"amount": {"total": -1, "currency": "CNY"}},
        {"amount": {"total": 12.5, "currency": "CNY"}},
        {"amount": {"currency": "CNY"}},
        {"out_trade_no": "0123456789ABCDEF"},
        {"mchid": "1900000001"},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_believed(
    provider: Shop, fake: FakeWeChat, broken: dict[str, object]
) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    if "trade_state" in broken:
        fake.orders[charge.reference]["told"] = {}
    fake.orders[charge.reference].setdefault("told", {}).update(broken)
    with pytest.raises(ProviderDown):
        provider.status(charge.id)


# --- notifications ------------------------------------------------------------------------------------------------


def test_a_notification_names_the_charge_by_its_reference(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    body = fake.notice(charge.reference)
    (event,) = provider.parse_webhook(fake.signed(body), body)
    assert (event.charge_id, event.reference) == (charge.reference, charge.reference)
    told = provider.status(event.charge_id)
    assert (told.news, told.paid, told.reference) == (News.PAID, Money(1250, "CNY"), charge.reference)
    (again,) = provider.parse_webhook(fake.signed(body), body)
    assert again == event


def test_a_bare_reference_tells_nothing_of_an_unpaid_order(provider: Shop) -> None:
    charge = created(provider)
    with pytest.raises(ProviderRefused, match="unknown-charge"):
        provider.status(charge.reference)


@pytest.mark.parametrize(
    "change",
    [
        {"wechatpay-signature": "WECHATPAY/SIGNTEST/abc"},
        {"wechatpay-signature": "é"},
        {"wechatpay-serial": "PUB_KEY_ID_0"},
        {"wechatpay-nonce": "other"},
        {"wechatpay-timestamp": "1554208460"},
    ],
)
def test_a_notification_somebody_else_signed_is_refused(
    provider: Shop, fake: FakeWeChat, change: dict[str, str]
) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    body = fake.notice(charge.reference)
    with pytest.raises(BadWebhook, match="forged"):
        provider.parse_webhook(fake.signed(body) | change, body)


def test_a_notification_is_fresh_and_about_us(provider: Shop, fake: FakeWeChat) -> None:
    charge = created(provider)
    fake.pay(charge.reference)
    body = fake.notice(charge.reference)
    for ago_s in (301, -301):
        with pytest.raises(BadWebhook, match="stale"):
            provider.parse_webhook(fake.signed(body, ago_s), body)
    assert provider.parse_webhook(fake.signed(body, 299), body)
    other = fake.notice(charge.reference, mchid="1900000001")
    with pytest.raises(BadWebhook, match="forged"):
        provider.parse_webhook(fake.signed(other), other)
    fake.api_v3_key = b"0" * 32
    sealed = fake.notice(charge.reference)
    with pytest.raises(BadWebhook, match="not encrypted with our"):
        provider.parse_webhook(fake.signed(sealed), sealed)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"id":"1","event_type":"X","resource":{}}'])
def test_a_notification_that_cannot_be_read_is_refused(provider: Shop, fake: FakeWeChat, body: bytes) -> None:
    with pytest.raises(BadWebhook, match="malformed"):
        provider.parse_webhook(fake.signed(body), body)


def test_the_platforms_key_can_change(fake: FakeWeChat, tmp_path: Path) -> None:
    new = fake_keys.key_called("wechat platform, the next")
    both = Platform({KEY_ID: PlatformKey(new.public_key()), "5A": PlatformKey(fake.platform.public_key())})
    provider = opened(fake, platform=both)
    fake.key_id = "5A"
    charge = created(provider)
    assert fake.server.asked[-1].headers["wechatpay-serial"] == KEY_ID
    fake.platform, fake.key_id = new, KEY_ID
    assert provider.status(charge.id) == charge
    provider.close()


def test_a_certificate_that_has_ended_vouches_for_nobody(fake: FakeWeChat) -> None:
    old = Platform({KEY_ID: PlatformKey(fake.platform.public_key(), int(fake.now()) - 1)})
    provider = opened(fake, platform=old)
    with pytest.raises(ProviderDown, match="no live platform key"):
        created(provider)
    provider.close()


def test_closing_the_provider_frees_its_connections(fake: FakeWeChat) -> None:
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


def secret(folder: Path, name: str, text: bytes) -> str:
    path = folder / name
    path.touch(0o600)
    path.write_bytes(text)
    return name


def settings(fake: FakeWeChat, folder: Path, **changes: object) -> Settings:
    (folder / "platform.pem").write_bytes(fake_keys.public_pem(fake.platform))
    values: dict[str, object] = {
        "mchid": MCHID, "appid": APPID, "certificate_serial": SERIAL.lower(),
        "private_key_file": secret(folder, "merchant.key", fake_keys.private_pem(fake.merchant)),
        "api_v3_key_file": secret(folder, "apiv3.key", fake.api_v3_key + b"\n"),
        "platform_key_id": KEY_ID, "platform_key": "platform.pem", "url": fake.server.url,
        "notify_url": "https://shop.example/webhooks/wechat",
    }  # fmt: skip
    kept = {name: value for name, value in (values | changes).items() if value is not None}
    return Settings(kept, folder, "providers.wechat")


def test_a_table_of_the_file_opens_the_provider(fake: FakeWeChat, tmp_path: Path) -> None:
    table = settings(fake, tmp_path)
    provider = open_provider("wechat", table)
    table.done()
    assert created(provider).news is News.OPEN
    provider.close()
    with pytest.raises(ProviderDown):
        created(provider)


def test_certificates_stand_for_the_public_key(fake: FakeWeChat, tmp_path: Path) -> None:
    until = datetime.fromtimestamp(int(fake.now()) + 60, UTC)
    for name, serial in (("platform", 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1), ("the next", 0xABC)):
        pem = fake_keys.certificate_pem(fake_keys.key_called(f"wechat {name}"), serial, until)
        (tmp_path / f"{name}.cert").write_bytes(pem)
    none: dict[str, object] = {"platform_key": None, "platform_key_id": None}
    table = settings(fake, tmp_path, platform_certificates=["platform.cert", "the next.cert"], **none)
    provider = open_provider("wechat", table)
    fake.key_id = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    assert created(provider).news is News.OPEN
    provider.close()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mchid": "wx1"}, "mchid"),
        ({"appid": None}, "appid"),
        ({"certificate_serial": "not hex"}, "certificate_serial"),
        ({"private_key_file": "apiv3.key"}, "private_key_file"),
        ({"api_v3_key_file": "merchant.key"}, "api_v3_key_file"),
        ({"platform_key_id": None}, "platform_key"),
        ({"platform_key_id": None, "platform_key": None}, "platform_key"),
        ({"platform_key": "nowhere.pem"}, "platform_key"),
        ({"platform_key": "merchant.key"}, "platform_key"),
        ({"platform_certificates": ["platform.pem"]}, "platform_certificates"),
        ({"notify_url": "https://shop.example/webhooks/wechat?x=1"}, "notify_url"),
        ({"notify_url": "http://shop.example/webhooks/wechat"}, "notify_url"),
        ({"url": "http://api.example"}, "url"),
        ({"deadline_s": 0}, "deadline_s"),
    ],
)
def test_a_table_that_cannot_be_says_which_field(
    fake: FakeWeChat, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(BadSetting, match=f"^providers.wechat.{field}: "):
        open_provider("wechat", settings(fake, tmp_path, **changes))


def test_secrets_are_never_logged(fake: FakeWeChat, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = open_provider("wechat", settings(fake, tmp_path))
        charge = created(provider)
        fake.pay(charge.reference)
        provider.status(charge.id)
        fake.server.faults.append(("down", "GET"))
        with pytest.raises(ProviderDown) as down:
            provider.status(charge.id)
        body = fake.notice(charge.reference)
        with pytest.raises(BadWebhook) as bad:
            provider.parse_webhook(fake.signed(body, 400), body)
        shown = "\n".join(
            [repr(provider), repr(vars(provider)), str(down.value), str(bad.value),
             *(record.getMessage() for record in caplog.records)]
        )  # fmt: skip
        provider.close()
    signatures = [
        asked.headers["authorization"].partition('signature="')[2][:40] for asked in fake.server.asked
    ]
    pem = fake_keys.private_pem(fake.merchant).decode().splitlines()[1]
    for hidden in (fake.api_v3_key.decode(), pem, "oUpF8uMuAJO", *signatures):
        assert hidden not in shown


def test_names_of_charges_survive_being_written_down() -> None:
    for text in ("0000000000000000.1250.1764000000", "0000000000000000"):
        assert str(name_of(text)) == text
    for text in ("", "a.1.2", "0000000000000000.1", "0000000000000000.-1.2", "٠٠٠٠٠٠٠٠.1.2", "0" * 33):
        with pytest.raises(ProviderRefused, match="unknown-charge"):
            name_of(text)


def test_the_request_is_what_the_page_shows(provider: Shop, fake: FakeWeChat) -> None:
    created(provider)
    body = json.loads(fake.server.asked[-1].body)
    assert set(body) == {
        "appid", "mchid", "out_trade_no", "description", "time_expire", "notify_url", "amount"
    }  # fmt: skip
    assert body["time_expire"].endswith("+08:00")
    assert wire.LEAST_S == 60
