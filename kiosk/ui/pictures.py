"""Pictures of the glass for whoever operates the kiosk; none of what is somebody's own (kiosk.views.private)."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from PIL import Image

from kiosk.link.link import OnPicture
from kiosk.views import View, private

QUALITY: Final = 70  # of WebP: a wall of 1080x1920 has 100 to 250 kB
LINGERS_S: Final = 2.0  # what a private screen may still show of itself after the next one was asked for
PATIENCE_S: Final = 8.0  # for a frame
_log = logging.getLogger(__name__)


class Glass(Protocol):
    """As much of kiosk.ui.app.ScreenProgram as a picture needs."""

    def picture(self, timeout: float = 5.0) -> Image.Image:
        """What is drawn next. Raises TimeoutError."""


class Pictures:
    """Takes them, each in a thread of its own: reading and packing one takes longer than a frame may."""

    def __init__(self, glass: Glass, now: Callable[[], float] = time.monotonic) -> None:
        self._glass, self._now = glass, now
        self._private = True  # until something is shown that is not
        self._left_s = now() - LINGERS_S  # when a private view was last asked to leave

    def follow(self, view: View) -> None:
        """The view that is to be on the glass from now on. From the link's thread."""
        before, self._private = self._private, private(view)
        if before and not self._private:
            self._left_s = self._now()

    def take(self, answer: OnPicture) -> None:
        """Answer with a picture, or why there is none: private | no-picture. Returns at once."""
        threading.Thread(target=self._take, args=(answer,), name="picture", daemon=True).start()

    def _take(self, answer: OnPicture) -> None:
        if self._hidden():
            answer(b"", "private")
            return
        try:
            picture = self._glass.picture(PATIENCE_S)
            packed = webp(picture)
        except (TimeoutError, OSError, ValueError) as error:
            _log.error("no picture of the glass: %s", error)
            answer(b"", "no-picture")
            return
        # Somebody may have begun to pay while it was taken.
        answer(*((b"", "private") if self._hidden() else (packed, "")))

    def _hidden(self) -> bool:
        return self._private or self._now() - self._left_s < LINGERS_S


def webp(picture: Image.Image) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()
