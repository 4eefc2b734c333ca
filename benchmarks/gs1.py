"""GS1 data: ours beside biip, what GS1's own vectors say of both and how long a parse takes. `python -m benchmarks.gs1`.

The vectors are GS1's (tests/oracles/gs1_engine.py says how to get them: GS1_SYNTAX_ENGINE); without them only times are
shown. Ours must agree with every one of them, or the exit code is 1.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from importlib.metadata import version

import biip
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message

from benchmarks._table import interleaved, median_ratio, table
from devices.protocol.gs1 import digital_link, elements, scan_data
from tests.oracles.gs1_answers import ours
from tests.oracles.gs1_biip import biips, is_text
from tests.oracles.gs1_engine import Vector, checkout, read

GTIN = "09506000134352"
LABEL = f"01{GTIN}310300050017271231" + "10L-7\x1d21A12345"
HRI = f"(01){GTIN}(3103)000500(17)271231(10)L-7(21)A12345"
LINK = f"https://id.example.org/01/{GTIN}/10/L-7/21/A12345?17=271231&3103=000500"

KINDS: dict[str, Callable[[Vector], bool]] = {
    "element strings": lambda each: each.kind == "test_processAIdata",
    "element strings, bracketed": lambda each: each.kind == "test_parseAIdata",
    "values of AIs": lambda each: each.kind == "linters",
    "Digital Links": lambda each: each.kind == "test_parseDLuri",
    "scan data": lambda each: each.kind == "test_testProcessScanData",
    "... of it plain text": lambda each: each.kind == "test_testProcessScanData" and is_text(each),
}

PARSES: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "element string, 5 AIs": (lambda: elements.parse(LABEL), lambda: GS1Message.parse(LABEL)),
    "the same, bracketed": (lambda: elements.parse_bracketed(HRI), lambda: GS1Message.parse_hri(HRI)),
    "Digital Link, 5 AIs": (lambda: digital_link.parse(LINK), lambda: GS1DigitalLinkURI.parse(LINK)),
    "]Q3 and 5 AIs": (lambda: scan_data.parse("]Q3" + LABEL), lambda: biip.parse("]Q3" + LABEL)),
    "]E0 and a GTIN-13": (
        lambda: scan_data.parse("]E04006381333931"),
        lambda: biip.parse("]E04006381333931"),
    ),
}


def main() -> int:
    """Print both tables."""
    peer = f"biip {version('biip')}"
    agreed = counts(peer)
    rows = []
    for name, (mine, theirs) in PARSES.items():
        times = interleaved({"ours": mine, "biip": theirs})
        ratio = median_ratio(times["biip"], times["ours"])
        micros = [statistics.median(times[who]) * 1e6 for who in ("ours", "biip")]
        rows.append((name, *micros, f"{ratio:.1f}x"))
    table("A parse, in microseconds", ("what", "ours", peer, "ratio"), rows)
    return 0 if agreed else 1


def counts(peer: str) -> bool:
    """How often each agrees with GS1; whether ours always does."""
    where = checkout()
    if where is None:
        print(
            "\nGS1_SYNTAX_ENGINE names no checkout of github.com/gs1/gs1-syntax-engine: no vectors are counted"
        )
        return True
    vectors, rows, agreed = read(where), [], True
    for name, wanted in KINDS.items():
        found = [each for each in vectors.all if wanted(each)]
        mine, theirs = [ours(each) for each in found], [biips(each) for each in found]
        agreed = agreed and all(each == (True, True) for each in mine)
        verdicts = [sum(verdict for verdict, _ in answers) for answers in (mine, theirs)]
        results = [sum(result for _, result in answers) for answers in (mine, theirs)]
        rows.append((name, len(found), verdicts[0], verdicts[1], results[0], results[1]))
    headers = (
        "GS1's vectors",
        "are",
        "ours: verdict",
        f"{peer}: verdict",
        "ours: and result",
        f"{peer}: and result",
    )
    table("As GS1's syntax engine has it", headers, rows)
    return agreed


if __name__ == "__main__":
    sys.exit(main())
