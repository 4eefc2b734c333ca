"""localstripe (GPL, a program of its own): somebody else's idea of Stripe, as a second opinion of the adapter.

It binds every address and keeps its store in one file in /tmp for whoever runs it; here it is told otherwise.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.fleet.payments.sandbox_process import free_port
from tests.servers import wait_until

KEY = "sk_test_12345"
_PROGRAM = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@contextmanager
def localstripe() -> Iterator[str]:
    """Its address, until the block ends."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", _PROGRAM, str(port)])
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "localstripe ended by itself"
        try:
            return httpx.get(f"{url}/v1/balance", auth=(KEY, ""), trust_env=False).status_code < 500
        except httpx.HTTPError:
            return False

    try:
        wait_until(answers, "localstripe to answer")
        yield url
    finally:
        process.terminate()
        process.wait(60)
