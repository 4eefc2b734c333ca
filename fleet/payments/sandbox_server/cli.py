"""`endcap fleet sandbox`: run the sandbox provider until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from fleet.clock import now_ms
from fleet.payments.sandbox_api import keys_in
from fleet.payments.sandbox_server.app import create_app
from fleet.payments.sandbox_server.bank import Bank
from fleet.payments.sandbox_server.courier import Courier


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    options = argparse.ArgumentParser(
        prog="endcap fleet sandbox", description="A payment provider that moves no money."
    )
    options.add_argument("--data", type=Path, required=True, help="folder of its books and keys")
    options.add_argument("--port", type=int, default=8081)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    options.add_argument(
        "--public", default="", help="address phones reach it at (default: http://HOST:PORT)"
    )
    options.add_argument(
        "--webhook", default="", help="where the fleet takes webhooks; without it the fleet has to ask"
    )
    return options


class _Ended(Exception):
    """SIGTERM came."""


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def main(arguments: list[str]) -> int:
    """Serve until asked to end."""
    chosen = parser().parse_args(arguments)
    keys = keys_in(chosen.data)
    public = chosen.public or f"http://{chosen.host}:{chosen.port}"
    bank = Bank(chosen.data / "sandbox.sqlite3", now_ms, public)
    courier = Courier(bank, chosen.webhook, keys.webhook_secret, now_ms)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(bank, keys.api_key), host=chosen.host, port=chosen.port, log_level="warning", lifespan="off",
            timeout_graceful_shutdown=2, server_header=False,
        )
    )  # fmt: skip
    signal.signal(
        signal.SIGTERM, _end
    )  # uvicorn stops serving, then raises the signal again: without us that kills
    courier.start()
    try:
        server.run()
    except _Ended:
        return 0
    except KeyboardInterrupt:
        return 130
    except SystemExit:  # uvicorn's way to say that the port is taken; it has told so itself
        return 1
    finally:
        courier.stop()
        bank.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
