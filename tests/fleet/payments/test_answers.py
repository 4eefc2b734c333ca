"""Whatever a provider answers, an adapter tells a charge or raises an error of the port: nothing else escapes."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.payments.port import Charge, ChargeRequest, Provider, ProviderError, Refund
from tests.fleet.payments.fake_alipay import fake_alipay
from tests.fleet.payments.fake_http import FakeServer
from tests.fleet.payments.fake_pix import fake_pix
from tests.fleet.payments.fake_stripe import fake_stripe
from tests.fleet.payments.fake_wechat import fake_wechat
from tests.fleet.payments.provider_contract import key_of, request
from tests.fleet.payments.test_alipay_api import opened as alipay_opened
from tests.fleet.payments.test_pix_api import opened as pix_opened
from tests.fleet.payments.test_stripe_api import CURRENCY
from tests.fleet.payments.test_stripe_api import opened as stripe_opened
from tests.fleet.payments.test_wechat_api import opened as wechat_opened

pytestmark = pytest.mark.server

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["", "12.5", "-1.00", "9" * 40, "succeeded", "DEVOLVIDO", "REFUND", "10000", "1e99", "2026-13-41T99:00:00Z"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    yield path
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in items:
        yield from places(value, (*path, name))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    body = copy.deepcopy(body)
    here = body
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = value
    return body


class Bench:
    """A provider with a paid charge and an open one, behind a server that can mangle what it says."""

    def __init__(
        self, provider: Provider, server: FakeServer, pay: Callable[[str], object], method: str, currency: str
    ) -> None:
        self.provider, self.server, self.method, self.currency = provider, server, method, currency
        self.open = provider.create(self.wanted(), idem="open")
        self.paid = provider.create(self.wanted(), idem="paid")
        pay(self.paid.id)
        provider.refund(self.paid.id, 100, idem="some")

    def wanted(self) -> ChargeRequest:
        return request(1250, self.currency, self.method)

    def calls(self) -> list[Callable[[], Charge | Refund]]:
        wanted = self.wanted()
        return [
            lambda: self.provider.create(wanted, idem=key_of(wanted)),
            lambda: self.provider.status(self.open.id),
            lambda: self.provider.status(self.paid.id),
            lambda: self.provider.cancel(self.paid.id),
            lambda: self.provider.refund(self.paid.id, 100, idem="some"),
            lambda: self.provider.refund(self.paid.id, 1, idem="more"),
        ]


def reference(name: str) -> str:
    """The reference a charge's name begins with."""
    return name.partition(".")[0]


@pytest.fixture(scope="module", params=["pix-api", "wechat", "alipay", "paynow", "pix", "link"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    if request.param == "pix-api":
        with fake_pix(tmp_path_factory.mktemp("pix")) as pix:
            provider: Provider = pix_opened(pix)
            yield Bench(provider, pix.server, pix.pay, "pix", "BRL")
            provider.close()
    elif request.param == "wechat":
        with fake_wechat() as wechat:
            provider = wechat_opened(wechat)
            yield Bench(provider, wechat.server, lambda name: wechat.pay(reference(name)), "wechat", "CNY")
            provider.close()
    elif request.param == "alipay":
        with fake_alipay() as alipay:
            provider = alipay_opened(alipay)
            yield Bench(provider, alipay.server, lambda name: alipay.pay(reference(name)), "alipay", "CNY")
            provider.close()
    else:
        with fake_stripe() as stripe:
            provider = stripe_opened(stripe)
            yield Bench(provider, stripe.server, stripe.pay, request.param, CURRENCY[request.param])
            provider.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_the_ports_errors_escapes(bench: Bench, data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(range(6)), "call")
    wait = data.draw(st.integers(0, 2), "answers that are left whole")
    value = data.draw(ODD, "value")
    where = data.draw(st.floats(0, 0.999), "where")
    seen = 0

    def mangle(body: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen != wait + 1:
            return body
        paths = list(places(body))
        return put(body, paths[int(where * len(paths))], value)

    bench.server.mangle = mangle
    try:
        with contextlib.suppress(ProviderError):
            told = bench.calls()[call]()
            assert isinstance(told, (Charge, Refund))
    finally:
        bench.server.mangle = lambda body: body
