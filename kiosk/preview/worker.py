"""The child of kiosk.preview.drawing: `python -m kiosk.preview.worker JOB`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PIL import Image

from kiosk.preview.drawing import Drawn, Job, Shot
from kiosk.ui.camera import Camera  # Kivy opens its window with it
from kiosk.views import Facing


class Counter:
    """Hands the screen the facings of the shot that is being taken."""

    def __init__(self) -> None:
        self.shot: Shot | None = None

    def facings(self, aisle: str, language: str, start: int, stop: int) -> Sequence[Facing]:
        """See kiosk.ui.camera."""
        assert self.shot is not None, "nothing is asked for before the first shot"
        return self.shot.facings.get(aisle, {}).get(start, [])[: stop - start]


def main(arguments: Sequence[str]) -> int:
    """Draw the job; a line for each shot."""
    job = msgspec.msgpack.decode(Path(arguments[0]).read_bytes(), type=Job)
    counter = Counter()
    with Camera(job.shots[0].shop, counter.facings, job.panel) as camera:
        for shot in job.shots:
            counter.shot = shot
            picture = camera.shoot(shot.view, shot.shop, offset=shot.offset)
            if shot.path:
                picture.save(shot.path)
            drawn = Drawn(codes=codes_in(picture) if job.read else ())
            sys.stdout.write(msgspec.json.encode(drawn).decode() + "\n")
            sys.stdout.flush()
    return 0


def codes_in(picture: Image.Image) -> tuple[str, ...]:
    """What the QR codes of a picture say, each once."""
    import zxingcpp

    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return tuple(
        dict.fromkeys(code.text for code in zxingcpp.read_barcodes(picture.convert("L"), formats=formats))
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
