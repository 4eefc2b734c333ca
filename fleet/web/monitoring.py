"""For those who watch the fleet: `/healthz` for balancers and systemd, `/metrics` for Prometheus (on this machine)."""

from __future__ import annotations

import msgspec
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fleet.live_changes.metrics import LiveCollector
from fleet.monitoring.metrics import MEDIA_TYPE, FleetCollector, IngestCollector, text
from fleet.per_kiosk.metrics import StoresCollector
from fleet.services import Services
from fleet.web.operator import here_only


def routes(services: Services) -> list[BaseRoute]:
    """None where nobody looks the fleet's parts over."""
    doctor, ingest = services.doctor, services.ingest
    if doctor is None or ingest is None:
        return []
    fleet = FleetCollector(
        services.store, services.line, services.payments, doctor, services.clock,
        services.config.drift_minutes * 60_000, services.rollouts, services.emergency,
    )  # fmt: skip

    live: list[Collector] = [LiveCollector(services.live_desk)] if services.live_desk is not None else []

    if services.catalogues is not None:
        live.append(StoresCollector(services.catalogues))

    async def healthz(_request: Request) -> Response:
        found = await run_in_threadpool(doctor.look)
        body = msgspec.json.encode(found)
        headers = {"cache-control": "no-store"}
        return Response(body, 200 if found.well else 503, media_type="application/json", headers=headers)

    async def metrics(_request: Request) -> Response:
        body = await run_in_threadpool(text, IngestCollector(ingest), fleet, *live)
        return Response(body, headers={"content-type": MEDIA_TYPE, "cache-control": "no-store"})

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", here_only(metrics), methods=["GET"]),
    ]
