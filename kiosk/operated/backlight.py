"""The lamp behind the panel, where the kernel knows one (Documentation/ABI/stable/sysfs-class-backlight)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LAMPS: Final = Path("/sys/class/backlight")


class Backlight:
    """The first lamp there is."""

    def __init__(self, lamps: Path = LAMPS) -> None:
        self._lamps = lamps

    def _lamp(self) -> Path | None:
        try:
            return next(iter(sorted(self._lamps.iterdir())), None)
        except OSError:
            return None

    @property
    def there(self) -> bool:
        """Whether the panel has one."""
        return self._lamp() is not None

    def set(self, percent: int) -> str:
        """Turn it to so much of what it can; 0 is off. Returns why it could not, "" where it could."""
        lamp = self._lamp()
        if lamp is None:
            return "no backlight"
        try:
            most = int((lamp / "max_brightness").read_text(encoding="ascii"))
            (lamp / "brightness").write_text(str(round(most * percent / 100)), encoding="ascii")
        except ValueError:
            return f"{lamp.name}: max_brightness is no number"
        except OSError as error:
            return f"{lamp.name}: {error.strerror}"
        return ""
