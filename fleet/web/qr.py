"""QR codes in our pages, drawn into the HTML as SVG: no request more, nothing to load, sharp on paper."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Final

import segno
from markupsafe import Markup

QUIET: Final = 4  # modules of white around it (ISO/IEC 18004, 9.1)


@lru_cache(maxsize=256)
def qr(text: str) -> Markup:
    """An `<svg class="qr">` that says `text`, black on white whatever the page's colours are."""
    symbol = segno.make_qr(text, error="m", boost_error=False)
    out = BytesIO()
    symbol.save(
        out, kind="svg", border=QUIET, dark="#000", light="#fff", xmldecl=False, svgns=True, nl=False, omitsize=True,
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    svg = out.getvalue().decode().replace("<svg ", '<svg role="img" aria-hidden="true" ', 1)
    return Markup(svg)  # noqa: S704 - made of modules, not of what anybody typed
