"""Templates and what every page shares: money, times, where style sheets are."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from content.money import Money
from fleet.web.assets import STATIC, Assets
from fleet.web.qr import qr

__all__ = ["ASSETS", "STATIC", "ago", "money", "page", "span"]

HERE: Final = Path(__file__).parent
ASSETS: Final = Assets()


def _star(x: float) -> str:
    """An SVG path: a five-pointed star in a square of 20 whose left edge is at `x`."""
    corners = (
        (math.pi * (corner / 5 - 0.5), 3.8 if corner % 2 else 9.0) for corner in range(10)
    )  # angle, radius
    places = (f"{x + 10 + r * math.cos(a):.1f} {10.5 + r * math.sin(a):.1f}" for a, r in corners)
    return f"M{'L'.join(places)}z"


STARS: Final = "".join(_star(20 * number) for number in range(5))

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,  # a misspelt name is an error in the tests, not a hole in the page
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # a look at every template file per page otherwise
)


def money(minor: int, currency: str, language: str = "en") -> str:
    """An amount as people who speak `language` write it."""
    amount = Money(minor, currency)
    return format_currency(Decimal(amount.decimal()), currency, locale=language.replace("-", "_"))


def span(milliseconds: int) -> str:
    """A duration as the console writes it: 45 s, 3 min, 2.5 h, 4 days."""
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def ago(then_ms: int, now_ms: int) -> str:
    """How long ago something was: now, 45 s ago, 3 min ago, 2.5 h ago."""
    passed = max(0, now_ms - then_ms)
    return "now" if passed < 2000 else f"{span(passed)} ago"


def offset(milliseconds: int) -> str:
    """How far a clock is off: 12 ms, 3.4 s, 2 min, 5 h."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 60_000 else span(milliseconds)


_environment.filters.update(money=money, span=span, ago=ago, offset=offset)
_environment.globals.update(asset=ASSETS.url, qr=qr, STARS=STARS)


def render(template: str, **values: Any) -> str:
    """A rendered template; it sees what is given."""
    return _environment.get_template(template).render(**values)


def page(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A rendered template. It sees `request` and what is given."""
    return HTMLResponse(
        _environment.get_template(template).render(request=request, **values), status_code=status_code
    )
