"""Choosing the mask (ISO/IEC 18004, 7.8.3), by the very points `qrcode.util.lost_point` gives.

All eight candidates are judged as qrcode judges them: format and version information still light, runs counted within
the symbol only (its `_lost_point_level3` looks for the four light modules inside the symbol, not in the quiet zone),
and of equal candidates the first wins. The loops it shortens by `next()` skip only places that cannot score, so plain
counting agrees.

A symbol is an integer, one bit per module. The rules do not care for turning or mirroring, so the direction of "along" and
"across" does not matter here; a step along is 1 bit, a step across is `size` bits. A set bit in an "equal" map says that a
module and the next one in that direction look alike; the last module of a line has no next one, its bit is never set, and
so no run leaves its line.
"""

from __future__ import annotations

from kiosk.qr.shape import Shape


def best_mask(shape: Shape, plain: int) -> int:
    """Return the number (0-7) of the mask with the fewest points for the unmasked symbol `plain`."""
    size = shape.size
    has_next, has_below = shape.has_next, shape.has_below
    # Masking is XOR, and so is comparing neighbours: the masked symbol's map of equals is the plain one's XOR the mask's own.
    along = (plain ^ plain >> 1) & has_next ^ has_next
    across = (plain ^ plain >> size) & has_below ^ has_below
    scores = []
    for index, mask in enumerate(shape.masks):
        points = _even_points(plain ^ mask.cells, along ^ mask.along, across ^ mask.across, size)
        scores.append((points, index))
    scores.sort()
    # The finder-like patterns only add points, so a candidate already past the best need not be searched for them.
    best = (scores[-1][0] + size * size * 40, 8)
    for points, index in scores:
        if (points, index) >= best:
            break
        mask = shape.masks[index]
        cells = plain ^ mask.cells
        points += _finder_points(cells, along ^ mask.along, has_next, 1)
        if (points, index) < best:
            points += _finder_points(cells, across ^ mask.across, has_below, size)
            best = min(best, (points, index))
    return best[1]


def _even_points(cells: int, along: int, across: int, size: int) -> int:
    """Rules 1, 2 and 4: runs of one colour, 2 x 2 blocks of one colour, dark modules far from half."""
    # Five alike in a row are four equal neighbours. A run of length r >= 5 holds r-4 such places and one more than there
    # are pairs of them, and costs r-2 = (r-4) + 2: three for each place less two for each pair of places.
    pairs = along & along >> 1
    places = pairs & pairs >> 2
    points = 3 * places.bit_count() - 2 * (places & places >> 1).bit_count()
    pairs = across & across >> size
    places = pairs & pairs >> 2 * size
    points += 3 * places.bit_count() - 2 * (places & places >> size).bit_count()
    points += 3 * (along & across & along >> size).bit_count()
    # In floating point and in this order, as qrcode does: rounding decides at the edges of the 5 % steps.
    percent = float(cells.bit_count()) / size**2
    return points + int(abs(percent * 100 - 50) / 5) * 10


def _finder_points(cells: int, equal: int, has_next: int, step: int) -> int:
    """Rule 3 in one direction: dark-light-dark-dark-dark-light-dark with four light ones before or after."""
    differ = equal ^ has_next
    flips = differ & differ >> step
    pairs = equal & equal >> step
    # 1011101 in neighbours: differ, differ, equal, equal, differ, differ; and the first is dark.
    core = cells & flips & pairs >> 2 * step & flips >> 4 * step
    fours = pairs & equal >> 2 * step
    after = core & (differ & fours >> step) >> 6 * step
    before = core >> 4 * step & differ >> 3 * step & fours
    # A window with lights before starts light, one with lights after starts dark: never the same bit.
    return 40 * (after | before).bit_count()
