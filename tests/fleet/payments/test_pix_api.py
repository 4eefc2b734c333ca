"""API Pix as the fleet meets it: HTTPS with certificates on both sides, and a provider that keeps to the contract."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from content.money import Money
from fleet.payments.pix_api import wire
from fleet.payments.pix_api.adapter import PixProvider
from fleet.payments.pix_api.hook import TARGET, Door
from fleet.payments.pix_api.opening import open_provider
from fleet.payments.pix_api.session import SCOPES, Account, Session, trust
from fleet.payments.port import BadWebhook, Charge, News, Provider, ProviderDown, ProviderRefused
from fleet.payments.settings import BadSetting, Settings
from tests.fleet.payments.fake_ca import FakeCa, Pair
from tests.fleet.payments.fake_http import FAULTS, Fault
from tests.fleet.payments.fake_pix import CLIENT_ID, FakePix, fake_pix
from tests.fleet.payments.provider_contract import ProviderContract, key_of, request
from tests.fleet.payments.sandbox_process import free_port
from tests.servers import wait_until

pytestmark = pytest.mark.server

SECRET = "s" * 43
HOOK = {TARGET: f"/webhooks/pix/{SECRET}/pix"}


def opened(fake: FakePix, url: str = "", client: Pair | None = None, deadline_s: float = 5.0) -> PixProvider:
    pair = client or fake.client
    base = url or fake.server.url
    account = Account(
        url=f"{base}/api/v2", token_url=f"{base}/oauth/token", client_id=CLIENT_ID,
        client_secret=fake.client_secret, scopes=f"{SCOPES} webhook.write",
    )  # fmt: skip
    context = trust(str(pair.certificate), str(pair.private_key), str(fake.ca.certificate))
    session = Session(account, context, lambda: int(fake.now()), deadline_s)
    return PixProvider("pix", session, fake.pix_key, Door((SECRET,)), lambda: int(fake.now()))


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakePix]:
    with fake_pix(tmp_path) as running:
        yield running


@pytest.fixture
def provider(fake: FakePix) -> Iterator[PixProvider]:
    adapter = opened(fake)
    yield adapter
    adapter.close()


def created(provider: Provider, minor: int = 1250) -> Charge:
    wanted = request(minor, "BRL", "pix")
    return provider.create(wanted, idem=key_of(wanted))


class TestPixApi(ProviderContract):
    method, currency = "pix", "BRL"
    an_id = "0" * 26
    odd = ((1249, "BRL"), (1251, "BRL"))

    @pytest.fixture(autouse=True)
    def _fake(self, fake: FakePix) -> None:
        self.fake = fake

    @pytest.fixture
    def provider(self, fake: FakePix) -> Iterator[Provider]:
        adapter = opened(fake)
        yield adapter
        adapter.close()

    @pytest.fixture
    def nobody(self, fake: FakePix) -> Iterator[Provider]:
        adapter = opened(fake, f"https://127.0.0.1:{free_port()}")
        yield adapter
        adapter.close()

    def pay(self, charge: Charge, paid: Money | None = None) -> None:
        self.fake.pay(charge.id, paid.decimal() if paid else "")


def test_the_charge_bears_the_reference_and_what_the_payer_reads(
    provider: PixProvider, fake: FakePix
) -> None:
    wanted = request(1250, "BRL", "pix")
    charge = provider.create(wanted, idem=key_of(wanted))
    cob = fake.cobs[charge.id]
    assert charge.id.startswith(wanted.reference)
    assert wire.TXID.fullmatch(charge.id)
    assert charge.reference == wanted.reference
    assert cob["valor"] == {"original": "12.50", "modalidadeAlteracao": 0}
    assert (cob["solicitacaoPagador"], cob["calendario"]["expiracao"]) == ("Order", 180)
    assert charge.payload == cob["pixCopiaECola"]


def test_asking_again_never_changes_a_charge(provider: PixProvider, fake: FakePix) -> None:
    wanted = request(1250, "BRL", "pix")
    idem = key_of(wanted)
    first = provider.create(wanted, idem=idem)
    dearer = request(1350, "BRL", "pix")
    with pytest.raises(ProviderRefused, match="idempotency"):
        provider.create(dearer, idem=idem)
    object.__setattr__(dearer, "reference", wanted.reference)
    with pytest.raises(ProviderRefused, match="idempotency"):
        provider.create(dearer, idem=idem)
    assert fake.cobs[first.id]["revisao"] == 0
    assert provider.status(first.id) == first


@pytest.mark.parametrize("minor", [1, 99, 100, 12_345_678_901, wire.MOST])
def test_amounts_are_exact_to_the_last_minor_unit(provider: PixProvider, fake: FakePix, minor: int) -> None:
    charge = created(provider, minor)
    fake.pay(charge.id)
    told = provider.status(charge.id)
    assert (told.amount, told.paid) == (Money(minor, "BRL"), Money(minor, "BRL"))


def test_a_charge_expires_by_the_providers_calendar(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    assert 178_000 <= charge.expires_ms - fake.now() * 1000 <= 180_000
    fake.ahead_s = 181
    assert provider.status(charge.id).news is News.EXPIRED
    fake.pay(charge.id)
    assert provider.status(charge.id).news is News.PAID


def test_money_that_came_counts_although_the_charge_was_removed(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    assert provider.cancel(charge.id).news is News.CANCELLED
    fake.pay(charge.id)
    assert provider.status(charge.id).news is News.PAID
    assert provider.cancel(charge.id).news is News.PAID


def test_several_payments_add_up_and_go_back_together(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    fake.pay(charge.id, "2.50")
    assert provider.status(charge.id).paid == Money(1500, "BRL")
    refund = provider.refund(charge.id, 1500, idem="refund:all")
    assert (refund.minor, refund.done) == (1500, True)
    assert provider.refund(charge.id, 1500, idem="refund:all") == refund
    told = provider.status(charge.id)
    assert (told.news, told.refunded_minor) == (News.REFUNDED, 1500)
    assert [len(pix["devolucoes"]) for pix in fake.cobs[charge.id]["pix"]] == [1, 1]


def test_part_of_the_money_goes_back(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    provider.refund(charge.id, 250, idem="one bottle")
    told = provider.status(charge.id)
    assert (told.news, told.refunded_minor) == (News.PAID, 250)
    with pytest.raises(ProviderRefused, match="idempotency"):
        provider.refund(charge.id, 300, idem="one bottle")
    with pytest.raises(ProviderRefused, match="too-much"):
        provider.refund(charge.id, 1001, idem="the rest and more")
    provider.refund(charge.id, 1000, idem="the rest")
    assert provider.status(charge.id).news is News.REFUNDED


def test_a_refund_under_way_is_not_done_and_is_not_made_twice(provider: PixProvider, fake: FakePix) -> None:
    fake.slow_returns = True
    charge = created(provider)
    fake.pay(charge.id)
    assert not provider.refund(charge.id, 1250, idem="back").done
    assert not provider.refund(charge.id, 1250, idem="back").done
    assert provider.status(charge.id).news is News.PAID
    fake.settle_returns()
    assert provider.refund(charge.id, 1250, idem="back").done
    assert len(fake.cobs[charge.id]["pix"][0]["devolucoes"]) == 1


def test_a_refund_that_was_not_made_is_made_when_it_can_be(provider: PixProvider, fake: FakePix) -> None:
    fake.failing_returns = 2
    charge = created(provider)
    fake.pay(charge.id)
    for _ in range(2):
        with pytest.raises(ProviderRefused, match="Saldo insuficiente"):
            provider.refund(charge.id, 1250, idem="back")
    assert provider.status(charge.id).news is News.PAID
    assert provider.refund(charge.id, 1250, idem="back").done
    assert provider.status(charge.id).refunded_minor == 1250


def test_refunds_by_many_threads_are_one(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    done: list[bool] = []

    def give_back() -> None:
        done.append(provider.refund(charge.id, 1250, idem="back").done)

    threads = [threading.Thread(target=give_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 8
    assert len(fake.cobs[charge.id]["pix"][0]["devolucoes"]) == 1


def test_a_payment_not_listed_yet_is_asked_for_again(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    fake.cobs[charge.id]["status"] = "CONCLUIDA"
    with pytest.raises(ProviderDown, match="without the Pix"):
        provider.status(charge.id)


# --- the network --------------------------------------------------------------------------------------------------


@pytest.fixture
def hasty(fake: FakePix) -> Iterator[PixProvider]:
    """One that gives up soon, for calls that get no answer; asked again is the patient one."""
    adapter = opened(fake, deadline_s=0.3)
    yield adapter
    adapter.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_network_does_the_charge_is_made_once(
    fake: FakePix, provider: PixProvider, hasty: PixProvider, fault: Fault
) -> None:
    wanted = request(1250, "BRL", "pix")
    fake.server.faults.append((fault, "PUT /api/v2/cob/"))
    with pytest.raises(ProviderDown):
        hasty.create(wanted, idem=key_of(wanted))
    fake.server.faults.clear()
    charge = provider.create(wanted, idem=key_of(wanted))
    assert list(fake.cobs) == [charge.id]
    assert fake.cobs[charge.id]["revisao"] == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_network_does_money_goes_back_once(
    fake: FakePix, provider: PixProvider, hasty: PixProvider, fault: Fault
) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    fake.server.faults.append((fault, "PUT .*/devolucao/"))
    with pytest.raises(ProviderDown):
        hasty.refund(charge.id, 1250, idem="back")
    fake.server.faults.clear()
    assert provider.refund(charge.id, 1250, idem="back").done
    assert len(fake.cobs[charge.id]["pix"][0]["devolucoes"]) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_no_answer_is_no_state(
    fake: FakePix, provider: PixProvider, hasty: PixProvider, fault: Fault
) -> None:
    charge = created(provider)
    for pattern, ask in (("POST /oauth", hasty.status), ("GET", hasty.status), ("PATCH", hasty.cancel)):
        fake.server.faults.append((fault, pattern))
        with pytest.raises(ProviderDown):
            ask(charge.id)
        fake.server.faults.clear()


def test_a_token_is_used_until_it_ends_or_is_forgotten(provider: PixProvider, fake: FakePix) -> None:
    def tokens() -> int:
        return sum(asked.path == "/oauth/token" for asked in fake.server.asked)

    created(provider)
    created(provider)
    assert tokens() == 1
    fake.tokens.clear()
    created(provider)
    assert tokens() == 2
    fake.ahead_s += fake.token_lasts_s
    created(provider)
    assert tokens() == 3


def test_who_is_not_let_in_hears_no_lies_about_charges(fake: FakePix) -> None:
    wrong = opened(fake)
    wrong._session._account = Account(
        url=fake.url, token_url=fake.token_url, client_id=CLIENT_ID, client_secret="wrong"
    )
    with pytest.raises(ProviderDown, match="no token"):
        created(wrong)
    wrong.close()
    narrow = opened(fake)
    narrow._session._account = Account(
        url=fake.url, token_url=fake.token_url, client_id=CLIENT_ID, client_secret=fake.client_secret,
        scopes="cob.read",
    )  # fmt: skip
    with pytest.raises(ProviderDown, match=r"not let in.*cob\.write"):
        created(narrow)
    narrow.close()


def test_both_sides_prove_who_they_are(fake: FakePix, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = opened(fake, client=FakeCa(tmp_path / "other", "another-ca").client("endcap"))
    with pytest.raises(ProviderDown):
        created(stranger)
    stranger.close()
    assert fake.server.asked == []
    wait_until(lambda: fake.server.refused_handshakes, "the server to refuse")

    pair = fake.client
    account = Account(
        url=fake.url, token_url=fake.token_url, client_id=CLIENT_ID, client_secret=fake.client_secret
    )
    doubtful = PixProvider(
        "pix", Session(account, trust(str(pair.certificate), str(pair.private_key)), lambda: 0, 5.0), fake.pix_key,
        Door((SECRET,)), lambda: 0,
    )  # fmt: skip
    with pytest.raises(ProviderDown, match="CERTIFICATE_VERIFY_FAILED"):
        created(doubtful)
    doubtful.close()
    assert fake.server.asked == []


# --- webhooks -----------------------------------------------------------------------------------------------------


def test_a_webhook_names_each_charge_once(provider: PixProvider, fake: FakePix) -> None:
    one, two = created(provider), created(provider)
    for charge in (one, two, two):
        fake.pay(charge.id)
    told = provider.parse_webhook(HOOK, fake.notice(one.id, two.id))
    assert [(event.charge_id, event.reference) for event in told] == [
        (one.id, one.reference), (two.id, two.reference)
    ]  # fmt: skip
    assert provider.parse_webhook({TARGET: f"/webhooks/pix?hmac={SECRET}&ignorar=/pix"}, b'{"pix":[]}') == []
    no_txid = b'{"pix": [{"endToEndId": "E", "valor": "1.00", "devolucoes": {"id": "an object"}}]}'
    assert provider.parse_webhook(HOOK, no_txid) == []
    assert provider.parse_webhook(HOOK, b'{"evento": "teste_webhook"}') == []


@pytest.mark.parametrize(
    "target",
    ["", "/webhooks/pix", "/webhooks/pix/pix", f"/webhooks/pix/{SECRET}x/pix", f"/{SECRET[1:]}", "/é"],
)
def test_a_webhook_without_the_secret_is_refused(provider: PixProvider, target: str) -> None:
    with pytest.raises(BadWebhook, match="forged"):
        provider.parse_webhook({TARGET: target}, b'{"pix": []}')


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"pix": 1}', b'{"pix": [{}]}', b"\xff", b'{"pix": [{"txid": 1}]}']
)
def test_a_webhook_that_cannot_be_read_is_refused(provider: PixProvider, body: bytes) -> None:
    with pytest.raises(BadWebhook, match="malformed"):
        provider.parse_webhook(HOOK, body)


def test_the_front_server_can_be_asked_to_vouch_for_the_sender() -> None:
    door = Door((SECRET,), "X-Client-Verified", "SUCCESS")
    door.check(HOOK | {"x-client-verified": "SUCCESS"})
    for more in ({}, {"x-client-verified": "NONE"}, {"x-client-verified": "é"}):
        with pytest.raises(BadWebhook, match="front server"):
            door.check(HOOK | more)


def test_the_secret_of_the_address_can_be_changed() -> None:
    door = Door((SECRET, "n" * 32))
    for secret in (SECRET, "n" * 32):
        door.check({TARGET: f"/webhooks/pix/{secret}/pix"})


def test_the_address_is_registered_at_the_provider(provider: PixProvider, fake: FakePix) -> None:
    provider.register_webhook(f"https://shop.example/webhooks/pix/{SECRET}")
    assert fake.webhook_url == f"https://shop.example/webhooks/pix/{SECRET}"


# --- payments.toml ------------------------------------------------------------------------------------------------


def settings(fake: FakePix, folder: Path, **changes: object) -> Settings:
    for name, text in (("client.secret", fake.client_secret), ("hook.secret", f"{SECRET}\n{'n' * 32}\n")):
        path = folder / name
        path.touch(0o600)
        path.write_text(text)
    values: dict[str, object] = {
        "url": fake.url, "token_url": fake.token_url, "client_id": CLIENT_ID, "client_secret_file": "client.secret",
        "certificate": "endcap.pem", "private_key": "endcap.key", "ca": "pix-ca.pem", "pix_key": fake.pix_key,
        "webhook_secret_file": "hook.secret",
    }  # fmt: skip
    kept = {name: value for name, value in (values | changes).items() if value is not None}
    return Settings(kept, folder, "providers.pix")


def test_a_table_of_the_file_opens_the_provider(fake: FakePix, tmp_path: Path) -> None:
    table = settings(fake, tmp_path)
    provider = open_provider("pix", table)
    table.done()
    assert created(provider).news is News.OPEN
    provider.close()
    with pytest.raises(ProviderDown):
        created(provider)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://pix.example.com"}, "url"),
        ({"pix_key": None}, "pix_key"),
        ({"certificate": "nowhere.pem"}, "certificate"),
        ({"certificate": "pix-ca.pem"}, "certificate"),
        ({"ca": "nowhere.pem"}, "ca"),
        ({"webhook_secret_file": "client.secret"}, ""),
        ({"sender_header": "x-verified"}, "sender_header"),
        ({"deadline_s": 0}, "deadline_s"),
    ],
)
def test_a_table_that_cannot_be_says_which_field(
    fake: FakePix, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    if not field:
        fake.client_secret, field = "too short", "webhook_secret_file"
    with pytest.raises(BadSetting, match=f"^providers.pix.{field}: "):
        open_provider("pix", settings(fake, tmp_path, **changes))


def test_a_key_that_is_open_or_locked_is_refused(fake: FakePix, tmp_path: Path) -> None:
    fake.client.private_key.chmod(0o644)
    with pytest.raises(BadSetting, match="chmod"):
        open_provider("pix", settings(fake, tmp_path))


def test_secrets_are_never_logged(fake: FakePix, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = open_provider("pix", settings(fake, tmp_path))
        charge = created(provider)
        fake.server.faults.append(("down", "GET"))
        with pytest.raises(ProviderDown) as down:
            provider.status(charge.id)
        with pytest.raises(BadWebhook) as bad:
            provider.parse_webhook({TARGET: f"/webhooks/pix/{SECRET[1:]}"}, b"{}")
        shown = "\n".join(
            [repr(provider), repr(vars(provider)), repr(vars(provider._session)["_account"]), str(down.value),
             str(bad.value), *(record.getMessage() for record in caplog.records)]
        )  # fmt: skip
        provider.close()
    for secret in (fake.client_secret, SECRET, SECRET[1:], *fake.tokens):
        assert secret not in shown


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "OUTRA"},
        {"valor": {"original": "12.5"}},
        {"valor": {"original": 12.5}},
        {"calendario": {"criacao": "2026-11-22T10:00:00", "expiracao": 180}},
        {"txid": 1},
    ],
)
def test_an_answer_outside_the_schema_is_not_believed(
    provider: PixProvider, fake: FakePix, broken: dict[str, object]
) -> None:
    charge = created(provider)
    fake.cobs[charge.id].update(broken)
    fake.strict = False
    with pytest.raises(ProviderDown):
        provider.status(charge.id)


def test_what_may_be_absent_may_be_null(provider: PixProvider, fake: FakePix) -> None:
    charge = created(provider)
    empty = {"pix": None, "solicitacaoPagador": None, "location": None, "infoAdicionais": None}
    fake.server.mangle = lambda body: body | empty
    assert provider.status(charge.id).news is News.OPEN
    pix = {"endToEndId": "E" * 32, "valor": "12.50", "txid": None, "devolucoes": None}
    fake.server.mangle = lambda body: body | {"pix": [pix], "status": "CONCLUIDA"}
    assert provider.status(charge.id).news is News.PAID
    assert provider.parse_webhook(HOOK, b'{"pix": [{"endToEndId": "E", "txid": null}]}') == []
    assert provider.parse_webhook(HOOK, b'{"pix": null}') == []
