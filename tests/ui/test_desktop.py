from __future__ import annotations

import pytest

from kiosk.ui.desktop import fitted
from kiosk.views import Panel


@pytest.mark.parametrize("desktop", [None, (3840, 2160), (1200, 2100)])
def test_a_wall_that_fits_keeps_its_pixels(desktop: tuple[int, int] | None) -> None:
    assert fitted(Panel(), desktop) == Panel()


@pytest.mark.parametrize("desktop", [(1920, 1080), (1366, 768), (1024, 4000)])
def test_on_a_small_desktop_the_same_glass_has_fewer_pixels(desktop: tuple[int, int]) -> None:
    panel = fitted(Panel(), desktop)
    assert panel.width <= desktop[0]
    assert panel.height < desktop[1]
    assert panel.diagonal_mm == Panel().diagonal_mm
    assert panel.width / panel.height == pytest.approx(1080 / 1920, rel=0.01)
