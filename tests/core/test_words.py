"""docs/core.md names every word the screen needs; the code uses no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from kiosk.core import state
from kiosk.core.present import CODES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/core.md").read_text(encoding="utf-8")


def said() -> set[str]:
    """First arguments of say() and mention() (texts, or names kiosk.core.state gives them), and texts that functions give as a reason, in kiosk/core."""
    keys: set[str] = set()
    for path in (ROOT / "kiosk/core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="say" | "mention"), args=[ast.Constant(value=key), *_]):
                    keys.add(str(key))
                case ast.Call(func=ast.Attribute(attr="mention"), args=[ast.Name(id=name), *_]):
                    keys.add(str(getattr(state, name)))
                case ast.FunctionDef(name="_refusal" | "why_off" | "choose" | "no_use"):
                    keys |= _texts(node)
                case _:
                    pass
    return keys


def _texts(function: ast.FunctionDef) -> set[str]:
    values = [n.value for n in ast.walk(function) if isinstance(n, ast.Return | ast.Assign) and n.value]
    texts = {c.value for v in values for c in ast.walk(v) if isinstance(c, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}


def test_every_notice_is_named() -> None:
    section = PAGE[PAGE.index("Notices:") : PAGE.index("Reasons why")]
    assert said() - {"reader", "absent", "ready"} == set(re.findall(r"`([a-z-]+)`", section))


def test_every_problem_has_its_code() -> None:
    rows = re.findall(r"^\| `([a-z-]+)`[^|]*\| (EC-\d\d) ", PAGE, re.MULTILINE)
    assert dict(rows) == CODES
    assert len(set(CODES.values())) == len(CODES)
