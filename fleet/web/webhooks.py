"""Where providers tell of payments. The signature is checked by the provider's adapter; here is only the door."""

from __future__ import annotations

import logging
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fleet.payments.port import BadWebhook, ProviderError
from fleet.services import Services

log = logging.getLogger(__name__)
MOST_BODY: Final = 256 * 1024  # bytes


def routes(services: Services) -> list[BaseRoute]:
    """`POST /webhooks/{provider}`: 204 taken (or what the provider wants to hear then), 400 not authentic, 404 no such provider, 503 send it again.

    Whatever follows in the address is the provider's own: it reaches the adapter as the header `:path`.
    """

    async def webhook(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY:
                return Response(status_code=413)
        desk = services.payments
        if desk is None:
            return Response(status_code=404)
        headers = dict(request.headers)  # lower-case names; none a client sends can be called ":path"
        headers[":path"] = f"{request.url.path}?{request.url.query}"
        try:
            provider = request.path_params["provider"]
            receipt = await run_in_threadpool(desk.webhook, provider, headers, bytes(body))
        except KeyError:
            return Response(status_code=404)
        except BadWebhook as error:
            log.warning("webhook refused: %s", error)
            return Response(status_code=400)
        except ProviderError as error:
            log.warning("webhook put off: %s", error)
            return Response(status_code=503)
        return Response(receipt.text, receipt.status, media_type="text/plain" if receipt.text else None)

    paths = ("/webhooks/{provider}", "/webhooks/{provider}/{own:path}")
    return [Route(path, webhook, methods=["POST"]) for path in paths]
