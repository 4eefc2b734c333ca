"""Content to QR matrix: `kiosk.qr` beside qrcode, segno and zxing-cpp (C++). `python -m benchmarks.qr`.

Every encoder chooses version and mask itself. Ours must give qrcode's matrix, module by module, or there is no table.
The aim is a thirtieth of qrcode's time for every payload.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import qrcode
import segno
import zxingcpp

from benchmarks._table import interleaved, median_ratio, table
from kiosk.qr import Level, codewords, encode, shape

URL = b"HTTPS://EC.EXAMPLE/K7/09506000134"
LEVELS = (Level.M, Level.Q)
PEERS = ("qrcode", "segno", "zxing-cpp")


def by_qrcode(data: bytes, level: Level) -> bytes:
    """Return qrcode's modules, one byte each."""
    code = qrcode.QRCode(error_correction=int(level), border=0)
    code.add_data(data)
    code.make()
    return bytes(bool(module) for row in code.modules for module in row)


def encoders(data: bytes, level: Level) -> dict[str, Callable[[], object]]:
    """Return each encoder's work from content to a matrix in memory."""
    name = level.name

    def peer() -> object:
        code = qrcode.QRCode(error_correction=int(level), border=0)
        code.add_data(data)
        code.make()
        return code

    return {
        "ours": lambda: encode(data, level),
        "qrcode": peer,
        "segno": lambda: segno.make_qr(data, error=name, boost_error=False),
        "zxing-cpp": lambda: zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.QRCode, ec_level=name),
    }


def payloads() -> dict[str, bytes]:
    """Return the contents: a facing's URL, then payment-like text of four lengths."""
    chance = random.Random(2026)
    letters = b"abcdefghijklmnopqrstuvwxyz0123456789./-=&ABCDEF"
    return {"URL, 33 characters": URL} | {
        f"{length} B": bytes(chance.choices(letters, k=length)) for length in (60, 150, 300, 500)
    }


def cold_cost(number: int) -> float:
    """Return the seconds of the first symbol of a version in a process that has made others (median of 9)."""
    costs = []
    for _ in range(9):
        for cached in (shape.shape_of, shape.trim, codewords._blocks, codewords._generator_multiples):
            cached.cache_clear()
        start = time.perf_counter()
        encode(b"cold", min_version=number)
        costs.append(time.perf_counter() - start)
    return statistics.median(costs)


def main() -> None:
    """Measure and print both tables."""
    rows = []
    for name, data in payloads().items():
        for level in LEVELS:
            symbol = encode(data, level)
            assert symbol.modules() == by_qrcode(data, level), f"{name} at {level.name} differs from qrcode"
            times = interleaved(encoders(data, level))
            ours = times["ours"]
            milliseconds = [statistics.median(times[peer]) * 1e3 for peer in ("ours", *PEERS)]
            ratios = [f"{median_ratio(times[peer], ours):.1f}x" for peer in PEERS]
            rows.append((name, f"{level.name}, v{symbol.version}", *milliseconds, *ratios))
    peers = ", ".join(f"{peer} {version(peer)}" for peer in PEERS)
    table(
        f"QR: content to matrix, median ms of 15 rounds, identical to qrcode ({peers})",
        ("payload", "symbol", "ours", *PEERS, *(f"{peer}/ours" for peer in PEERS)),
        rows,
    )
    table(
        "QR: the first symbol of a version, which works out its geometry and keeps it",
        ("version", "ms"),
        [(number, cold_cost(number) * 1e3) for number in (2, 5, 8, 15, 25, 40)],
    )


if __name__ == "__main__":
    main()
