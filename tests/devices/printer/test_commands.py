"""The commands we print with."""

from __future__ import annotations

import pytest

from devices.protocol import escpos


def test_a_picture_goes_in_whole_bands() -> None:
    bands = escpos.raster(16, bytes(2 * 100))
    assert [len(band) - 8 for band in bands] == [96, 96, 8]
    assert all(band.startswith(b"\x1dv0\x00\x02\x00") for band in bands)


def test_a_ragged_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="whole rows"):
        escpos.raster(12, bytes(8))
