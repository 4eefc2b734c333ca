"""The sandbox provider over HTTP: the interface of fleet.payments.sandbox_api, and pages for people."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from content.money import Money
from fleet.payments import sandbox_api as api
from fleet.payments.codecs import BadPayload
from fleet.payments.sandbox_server.bank import Bank, Refused
from fleet.safety import Safety, content_policy

PAGES = Path(__file__).parent / "pages"
MOST_BODY = 16_384  # bytes
Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(bank: Bank, api_key: str) -> Starlette:
    """The whole provider. `api_key` opens /v1; the pages are open to whoever reaches them."""
    handlers = {Refused: _refused, BadPayload: _not_a_code}
    rest = _Rest(bank, api_key)
    pages = _Pages(bank)
    routes = [
        Route("/v1/charges", rest.guarded(rest.create), methods=["POST"]),
        Route("/v1/charges", rest.guarded(rest.find), methods=["GET"]),
        Route("/v1/charges/{id}", rest.guarded(rest.charge), methods=["GET"]),
        Route("/v1/charges/{id}/cancel", rest.guarded(rest.cancel), methods=["POST"]),
        Route("/v1/charges/{id}/refunds", rest.guarded(rest.refund), methods=["POST"]),
        Route("/v1/charges/{id}/pay", rest.guarded(rest.pay), methods=["POST"]),
        Route("/v1/charges/{id}/faults", rest.guarded(rest.faults), methods=["PUT"]),
        Route("/v1/cards/{token}", rest.guarded(rest.card), methods=["PUT"]),
        Route("/", pages.bank, methods=["GET"]),
        Route("/scan", pages.scan, methods=["POST"]),
        Route("/transfer/{id}", pages.transfer, methods=["POST"]),
        Route("/pay/{id}", pages.show, methods=["GET"]),
        Route("/pay/{id}", pages.answer, methods=["POST"]),
        Route("/style.css", pages.style, methods=["GET"]),
        Route("/health", pages.health, methods=["GET"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers=handlers,  # type: ignore[arg-type]  # narrower exceptions than Exception
        middleware=[Middleware(Safety, exempt=("/v1/",))],
    )


async def _refused(request: Request, error: Refused) -> Response:
    if request.url.path.startswith("/v1/"):
        return _json(api.ErrorBody(error=error.error, detail=error.detail), error.status)
    return _page("message.html", error.status, title="That did not work", text=error.detail)


async def _not_a_code(_request: Request, error: BadPayload) -> Response:
    return _page("message.html", 422, title="This is no payment code we know", text=str(error))


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def _body(request: Request, kind: type[Any]) -> Any:
    """The request's body as `kind`. Raises Refused."""
    if int(request.headers.get("content-length", "0") or "0") > MOST_BODY:
        raise Refused("bad-request", f"at most {MOST_BODY} bytes", 413)
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("bad-request", str(error), 400) from None


class _Rest:
    """/v1, for programs that know the key."""

    def __init__(self, bank: Bank, api_key: str) -> None:
        self._bank = bank
        self._expected = f"Bearer {api_key}".encode()

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guard(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, self._expected):
                raise Refused("unauthorized", "Authorization: Bearer <api key>", 401)
            return await endpoint(request)

        return guard

    async def create(self, request: Request) -> Response:
        body = await _body(request, api.ChargeBody)
        return _json(await run_in_threadpool(self._bank.create, body, _idem(request)), 201)

    async def find(self, request: Request) -> Response:
        reference = request.query_params.get("reference", "")
        return _json(await run_in_threadpool(self._bank.by_reference, reference))

    async def charge(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._bank.charge, request.path_params["id"]))

    async def cancel(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._bank.cancel, request.path_params["id"]))

    async def refund(self, request: Request) -> Response:
        body = await _body(request, api.RefundBody)
        charge = request.path_params["id"]
        view = await run_in_threadpool(self._bank.refund, charge, body.amount_minor, _idem(request))
        return _json(view, 201)

    async def pay(self, request: Request) -> Response:
        body = await _body(request, api.PayBody)
        charge = await run_in_threadpool(self._bank.charge, request.path_params["id"])
        minor = charge.amount_minor if body.amount_minor is None else body.amount_minor
        money = Money(minor, body.currency or charge.currency)
        return _json(await run_in_threadpool(self._bank.pay, charge.id, money))

    async def faults(self, request: Request) -> Response:
        body = await _body(request, api.FaultsBody)
        return _json(await run_in_threadpool(self._bank.set_faults, request.path_params["id"], body.faults))

    async def card(self, request: Request) -> Response:
        body = await _body(request, api.CardBody)
        await run_in_threadpool(self._bank.set_card, request.path_params["token"], body.kind)
        return _json(body)


def _idem(request: Request) -> str:
    return request.headers.get("idempotency-key", "")


_TEMPLATES = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined)
_TEMPLATES.filters["money"] = lambda minor, currency: f"{Money(minor, currency).decimal()} {currency}"


def _page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    html = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(html, status, headers={"cache-control": "no-store"})


class _Pages:
    """What a customer's bank shows: what is to be paid, and buttons that pay it with play money."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    async def bank(self, request: Request) -> Response:
        """`code`: the text of a code that somebody has just scanned, put into the field; nothing is paid by that."""
        charges = await run_in_threadpool(self._bank.open_charges)
        return _page("bank.html", charges=charges, code=request.query_params.get("code", "")[:512])

    async def scan(self, request: Request) -> Response:
        async with request.form(max_files=0, max_fields=4) as form:
            payload = str(form.get("payload", "")).replace("\r\n", "\n").strip()
        payee, amount, charge = await run_in_threadpool(self._bank.match, payload)
        return _page("transfer.html", payee=payee, amount=amount, charge=charge)

    async def transfer(self, request: Request) -> Response:
        async with request.form(max_files=0, max_fields=4) as form:
            minor, currency = str(form.get("minor", "")), str(form.get("currency", ""))
        if not (minor.isascii() and minor.isdigit() and len(minor) <= 12):
            raise Refused("bad-request", "the amount is missing")
        view = await run_in_threadpool(self._bank.pay, request.path_params["id"], Money(int(minor), currency))
        return _page("done.html", charge=view)

    async def show(self, request: Request) -> Response:
        charge = await run_in_threadpool(self._bank.scan, request.path_params["id"])
        if charge.state != "scanned":
            return _page("done.html", charge=charge)
        page = _page("pay.html", charge=charge)
        if charge.return_url:  # the form's answer leads there, which browsers hold against form-action too
            origin = "/".join(charge.return_url.split("/")[:3])
            page.headers["content-security-policy"] = content_policy([origin])
        return page

    async def answer(self, request: Request) -> Response:
        async with request.form(max_files=0, max_fields=4) as form:
            does = self._bank.pay if form.get("answer") == "pay" else self._bank.decline
        charge = await run_in_threadpool(self._bank.charge, request.path_params["id"])
        if charge.state in ("open", "scanned"):
            charge = await run_in_threadpool(does, charge.id)
        if charge.return_url:
            return RedirectResponse(charge.return_url, 303)
        return RedirectResponse(f"/pay/{charge.id}", 303)

    async def style(self, _request: Request) -> Response:
        return FileResponse(PAGES / "style.css")

    async def health(self, _request: Request) -> Response:
        return _json({"status": "ok"})
