"""Which way each character runs: the Unicode bidirectional algorithm for one paragraph without embeddings.

Unicode Standard Annex 9, rules W1-W7, N1-N2, I1-I2, L1-L2. Explicit embeddings and isolates are dropped before: a
shelf label has none. Levels are computed over the whole line and runs are shaped one by one, because a line may
need several fonts and a shaper sees only its own run. (Drawn the simple way, 3.50 in an Arabic line came out as 05.3.)
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

INVISIBLE = frozenset("\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean(text: str) -> str:
    """`text` without directional controls and with one kind of space."""
    return "".join(" " if c in "\t\r\v\f" else c for c in text if c not in _CONTROLS)


def is_rtl(language: str) -> bool:
    """Whether a language (BCP 47) is written from right to left."""
    return language.split("-")[0] in {"ar", "fa", "he", "iw", "ur", "ps", "ckb", "dv", "yi", "sd", "ug"}


def upright(text: str) -> str:
    """`text` kept from left to right in any line: measures ("100 g") and codes."""
    return f"\u200e{text}\u200e"


def levels(text: str, base: int) -> list[int]:
    """The embedding level of every character in a paragraph of level `base` (0: left to right, 1: right to left)."""
    classes = [unicodedata.bidirectional(c) or "L" for c in text]
    if base == 0 and not {"R", "AL", "AN"} & set(classes):
        return [0] * len(text)
    edge = "R" if base else "L"
    _weak(classes, edge)
    _neutral(classes, edge)
    return [_implicit(c, base) for c in classes] if text else []


def _weak(c: list[str], edge: str) -> None:
    """W1-W7, in place."""
    strong, before = edge, edge
    for i, kind in enumerate(c):
        if kind == "NSM":  # W1
            c[i] = kind = before
        before = kind
        if kind in {"L", "R", "AL"}:
            strong = kind
        elif kind == "EN" and strong == "AL":  # W2
            c[i] = "AN"
    c[:] = ["R" if k == "AL" else k for k in c]  # W3
    for i in range(1, len(c) - 1):  # W4
        around = c[i - 1], c[i + 1]
        if (c[i] == "ES" and around == ("EN", "EN")) or (
            c[i] == "CS" and around[0] == around[1] in {"EN", "AN"}
        ):
            c[i] = c[i - 1]
    _terminators(c)
    strong = edge
    for i, kind in enumerate(c):
        if kind in {"ES", "ET", "CS"}:  # W6
            c[i] = "ON"
        elif kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            c[i] = "L"


def _terminators(c: list[str]) -> None:
    """W5: currency and percent signs that touch a European number belong to it."""
    i = 0
    while i < len(c):
        j = i
        while j < len(c) and c[j] in {"ET", "BN"}:
            j += 1
        if j > i and "EN" in {c[i - 1] if i else "", c[j] if j < len(c) else ""}:
            c[i:j] = ["EN"] * (j - i)
        i = max(j, i + 1)


def _neutral(c: list[str], edge: str) -> None:
    """N1-N2: neutrals between two of one direction take it, others take the paragraph's."""
    strong = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
    i = 0
    while i < len(c):
        j = i
        while j < len(c) and c[j] not in strong:
            j += 1
        if j > i:
            left = strong[c[i - 1]] if i else edge
            right = strong[c[j]] if j < len(c) else edge
            c[i:j] = [left if left == right else edge] * (j - i)
        i = max(j, i + 1)


def _implicit(kind: str, base: int) -> int:
    """I1-I2."""
    if base:
        return 1 if kind == "R" else 2
    return {"L": 0, "R": 1}.get(kind, 2)


def visual_runs(text: str, base: int) -> list[tuple[str, bool]]:
    """A line's runs from left to right as (characters in reading order, right-to-left). L1: trailing spaces stay at the end."""
    level = levels(text, base)
    for i in range(len(text) - 1, -1, -1):
        if not text[i].isspace():
            break
        level[i] = base
    runs: list[tuple[int, str]] = []
    start = 0
    for value, group in groupby(level):
        stop = start + len(list(group))
        runs.append((value, text[start:stop]))
        start = stop
    for threshold in range(max(level, default=0), 0, -1):  # L2
        i = 0
        while i < len(runs):
            j = i
            while j < len(runs) and runs[j][0] >= threshold:
                j += 1
            if j > i:
                runs[i:j] = runs[i:j][::-1]
            i = max(j, i + 1)
    return [(run, bool(value % 2)) for value, run in runs]
