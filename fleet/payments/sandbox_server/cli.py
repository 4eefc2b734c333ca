"""`endcap fleet sandbox`: run the sandbox provider until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from types import FrameType

import msgspec
import uvicorn

from fleet.clock import now_ms
from fleet.payments.faults import BadFault, Script
from fleet.payments.sandbox_api import keys_in
from fleet.payments.sandbox_server.app import SLOW_S, Cut, create_app
from fleet.payments.sandbox_server.bank import LATER_MS, Bank
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
    options.add_argument(
        "--script", type=Path, metavar="FILE", help="what shall go wrong: JSON as PUT /v1/script takes it"
    )
    options.add_argument(
        "--later",
        type=float,
        default=LATER_MS / 1000,
        metavar="S",
        help="how late what is late comes (default %(default)s)",
    )
    options.add_argument(
        "--slow",
        type=float,
        default=SLOW_S,
        metavar="S",
        help="how long a slow answer takes (default %(default)s)",
    )
    return options


def _scripted(bank: Bank, path: Path) -> str:
    """Load a script; what is wrong with it, "" where nothing is."""
    try:
        bank.set_script(msgspec.json.decode(path.read_bytes(), type=Script))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, BadFault) as error:
        return f"{path}: {error}"
    return ""


class _NoCuts(logging.Filter):
    """Connections that were told to break are no news."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        return not (record.exc_info and isinstance(record.exc_info[1], Cut))


class _Ended(Exception):
    """SIGTERM came."""


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def main(arguments: list[str]) -> int:
    """Serve until asked to end."""
    chosen = parser().parse_args(arguments)
    keys = keys_in(chosen.data)
    public = chosen.public or f"http://{chosen.host}:{chosen.port}"
    bank = Bank(chosen.data / "sandbox.sqlite3", now_ms, public, later_ms=int(chosen.later * 1000))
    wrong = _scripted(bank, chosen.script) if chosen.script else ""
    if wrong:
        bank.close()
        print(f"endcap fleet sandbox: {wrong}", file=sys.stderr)
        return 2
    logging.getLogger("uvicorn.error").addFilter(_NoCuts())
    courier = Courier(bank, chosen.webhook, keys.webhook_secret, now_ms)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(bank, keys.api_key, chosen.slow), host=chosen.host, port=chosen.port, log_level="warning", lifespan="off",
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
