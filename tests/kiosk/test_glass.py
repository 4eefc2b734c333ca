"""Which codes a glass can show, known before anybody sees one."""

from __future__ import annotations

import pytest

from kiosk.codes.glass import BYTES_AT_M, can_show, largest_version, version_of
from kiosk.qr import Level, QrTooLong, encode, sturdiest
from kiosk.views import Panel


@pytest.mark.parametrize("version", [1, 2, 6, 9, 10, 13, 20, 26, 27, 40])
def test_the_table_says_what_the_encoder_does(version: int) -> None:
    most = BYTES_AT_M[version - 1]
    assert encode("x" * most).version == version_of("x" * most) == version
    if version < 40:
        assert encode("x" * (most + 1)).version == version_of("x" * (most + 1)) == version + 1


@pytest.mark.parametrize(
    "payload",
    ["HTTPS://PAY.EXAMPLE/C/7K2Q", "LIGHTNING:LNBC2450U1P" + "N9X7G" * 58, "9" * 302, "Zürich" * 20],
)
def test_the_estimate_is_never_too_small(payload: str) -> None:
    assert version_of(payload) >= encode(payload).version
    assert version_of(payload) <= encode(payload).version + 1


def test_a_wall_shows_every_national_code_and_refuses_a_book() -> None:
    for panel in (
        Panel(),
        Panel(1920, 1080),
        Panel(360, 640),
        Panel(1080, 1920, 546),
        Panel(2160, 3840, 1397),
    ):
        assert largest_version(panel) >= 11
        assert can_show("x" * 250, panel)
        assert not can_show("x" * 5_000, panel)


def test_more_error_correction_where_it_costs_no_version_or_where_lamps_are_reflected() -> None:
    assert sturdiest("A" * 24) is Level.Q  # version 2 either way
    assert encode("A" * 24, Level.Q).version == encode("A" * 24, Level.M).version
    assert sturdiest("x" * 122) is Level.M  # fills version 7 at M, needs 9 at Q
    assert sturdiest("x" * 122, glare=True) is Level.Q
    assert sturdiest("x" * 2_300, glare=True) is Level.M, "rather a code than none"
    with pytest.raises(QrTooLong):
        sturdiest("x" * 3_000)
