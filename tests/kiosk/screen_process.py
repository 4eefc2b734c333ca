"""A screen in a process of its own, to be killed: says what it is shown, one line a view."""

from __future__ import annotations

import sys
from pathlib import Path

from kiosk.link.socket import SocketScreenEnd
from kiosk.views import Pay, Shop, Start, View


def show(shop: Shop, view: View) -> None:
    reference = view.reference if isinstance(view, Pay) else ""
    sys.stdout.write(f"{shop.version} {type(view).__name__} {reference}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    screen = SocketScreenEnd(Path(sys.argv[1]))
    screen.listen(show)
    for _ in sys.stdin:  # a line is a touch; the end of the input is the end
        screen.send(Start())
    screen.close()
