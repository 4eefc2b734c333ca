"""The sandbox provider over HTTP: the interface of fleet.payments.sandbox_api, and pages for people."""

from __future__ import annotations

import asyncio
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
from starlette.types import Receive, Scope, Send

from content.money import Money
from fleet.payments import sandbox_api as api
from fleet.payments.codecs import BadPayload
from fleet.payments.faults import BadFault, Fault, Rule, Script, choices, in_words
from fleet.payments.sandbox_server.bank import Bank, Refused
from fleet.safety import Safety, content_policy

PAGES = Path(__file__).parent / "pages"
MOST_BODY = 16_384  # bytes
SLOW_S = 7.0  # longer than the fleet waits
Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(bank: Bank, api_key: str, slow_s: float = SLOW_S) -> Starlette:
    """The whole provider. `api_key` opens /v1; the pages are open to whoever reaches them. `slow_s`: how long an answer
    takes that was told to be slow.
    """
    handlers = {Refused: _refused, BadPayload: _not_a_code, BadFault: _not_a_fault}
    rest = _Rest(bank, api_key, slow_s)
    pages = _Pages(bank)
    routes = [
        Route("/v1/charges", rest.guarded(rest.create), methods=["POST"]),
        Route("/v1/charges", rest.guarded(rest.find), methods=["GET"]),
        Route("/v1/charges/{id}", rest.guarded(rest.charge), methods=["GET"]),
        Route("/v1/charges/{id}/cancel", rest.guarded(rest.cancel), methods=["POST"]),
        Route("/v1/charges/{id}/refunds", rest.guarded(rest.refund), methods=["POST"]),
        Route("/v1/charges/{id}/pay", rest.guarded(rest.pay), methods=["POST"]),
        Route("/v1/charges/{id}/faults", rest.guarded(rest.faults), methods=["PUT"]),
        Route("/v1/script", rest.guarded(rest.script), methods=["GET"]),
        Route("/v1/script", rest.guarded(rest.set_script), methods=["PUT"]),
        Route("/v1/cards/{token}", rest.guarded(rest.card), methods=["PUT"]),
        Route("/", pages.bank, methods=["GET"]),
        Route("/scan", pages.scan, methods=["POST"]),
        Route("/transfer/{id}", pages.transfer, methods=["POST"]),
        Route("/pay/{id}", pages.show, methods=["GET"]),
        Route("/pay/{id}", pages.answer, methods=["POST"]),
        Route("/faults", pages.faults, methods=["GET"]),
        Route("/faults", pages.set_faults, methods=["POST"]),
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


async def _not_a_fault(_request: Request, error: BadFault) -> Response:
    return _json(api.ErrorBody(error="bad-request", detail=str(error)), 422)


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


class Cut(Exception):
    """A connection that was told to break has broken."""


class CutOff(Response):
    """An answer whose connection breaks after its first bytes."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, media_type=whole.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Half an answer, then nothing: the server closes the connection behind an exception."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        raise Cut


class _Rest:
    """/v1, for programs that know the key."""

    def __init__(self, bank: Bank, api_key: str, slow_s: float) -> None:
        self._bank, self._slow_s = bank, slow_s
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
        idem = _idem(request)
        wrong = await run_in_threadpool(self._bank.goes_wrong, "create", idem=idem, method=body.method)
        return await self._answer(wrong, self._bank.create, body, idem, status=201)

    async def find(self, request: Request) -> Response:
        reference = request.query_params.get("reference", "")
        return _json(await run_in_threadpool(self._bank.by_reference, reference))

    async def charge(self, request: Request) -> Response:
        return await self._about(request, "status", self._bank.charge)

    async def cancel(self, request: Request) -> Response:
        return await self._about(request, "cancel", self._bank.cancel)

    async def refund(self, request: Request) -> Response:
        body = await _body(request, api.RefundBody)
        return await self._about(
            request, "refund", self._bank.refund, body.amount_minor, _idem(request), status=201
        )

    async def _about(
        self, request: Request, call: str, does: Callable[..., Any], *more: Any, status: int = 200
    ) -> Response:
        """A call about a charge, which may have been told to go wrong."""
        charge = request.path_params["id"]
        wrong = await run_in_threadpool(self._bank.goes_wrong, call, charge)
        return await self._answer(wrong, does, charge, *more, status=status)

    async def _answer(
        self, wrong: Fault | None, does: Callable[..., Any], *arguments: Any, status: int
    ) -> Response:
        if wrong is Fault.SERVER_ERROR:
            raise Refused("try-again", "told to go wrong", 503)
        answer = _json(await run_in_threadpool(does, *arguments), status)
        if wrong is Fault.REFUND_TWICE:
            raise Refused("try-again", "told to go wrong after it was done", 503)
        if wrong is Fault.SLOW:
            await asyncio.sleep(self._slow_s)
        return CutOff(answer) if wrong is Fault.CUT else answer

    async def pay(self, request: Request) -> Response:
        body = await _body(request, api.PayBody)
        charge = await run_in_threadpool(self._bank.charge, request.path_params["id"])
        minor = charge.amount_minor if body.amount_minor is None else body.amount_minor
        money = Money(minor, body.currency or charge.currency)
        said = body.amount_minor is not None or body.currency
        return _json(await run_in_threadpool(self._bank.pay, charge.id, money if said else None))

    async def faults(self, request: Request) -> Response:
        body = await _body(request, api.FaultsBody)
        return _json(await run_in_threadpool(self._bank.set_faults, request.path_params["id"], body.faults))

    async def script(self, _request: Request) -> Response:
        return _json(await run_in_threadpool(self._bank.script))

    async def set_script(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._bank.set_script, await _body(request, Script)))

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
        charge = await run_in_threadpool(self._bank.charge, request.path_params["id"])
        money = Money(int(minor), currency)
        ordered = money == Money(charge.amount_minor, charge.currency)
        view = await run_in_threadpool(self._bank.pay, charge.id, None if ordered else money)
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

    async def faults(self, _request: Request) -> Response:
        """What shall go wrong, to be chosen by people."""
        script = await run_in_threadpool(self._bank.script)
        coming = [rule for rule in script.rules if rule.times > 0]
        return _page("faults.html", choices=choices(), coming=coming, said=in_words)

    async def set_faults(self, request: Request) -> Response:
        async with request.form(max_files=0, max_fields=40) as form:
            chosen = tuple(str(value) for key, value in form.multi_items() if key == "fault")
        rules = (Rule(faults=chosen),) if chosen else ()
        await run_in_threadpool(self._bank.set_script, Script(rules=rules))
        return RedirectResponse("/faults", 303)

    async def style(self, _request: Request) -> Response:
        return FileResponse(PAGES / "style.css")

    async def health(self, _request: Request) -> Response:
        return _json({"status": "ok"})
