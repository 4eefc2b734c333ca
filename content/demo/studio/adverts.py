"""The adverts' pictures: still lifes of products from the feed, calm on the left and above, where the wall sets its words."""

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from content.demo.studio.order import read_feed
from content.demo.studio.shelf import shot_of
from content.demo.studio.stage import Shot, hex_colour, still_life

FEED = Path(__file__).parents[1] / "feed.tsv"
SIZE = (1080, 608)


@dataclass(frozen=True, slots=True)
class Stand:
    """One product of a still life: its id in the feed, where its middle stands (shares of the picture) and how much it fills."""

    row: str
    at: tuple[float, float]
    fill: tuple[float, float]
    yaw: float | None = None


@dataclass(frozen=True, slots=True)
class Advert:
    """A backdrop (glow, edge) and what stands on it, the farthest first. All seen from one height (degrees)."""

    backdrop: tuple[str, str]
    stands: tuple[Stand, ...]
    pitch: float = 17.0


ADVERTS: dict[str, Advert] = {
    # Breakfast before your train: croissants, fruit and coffee.
    "advert-1": Advert(
        ("fff4df", "f2c98a"),
        (
            Stand("DR-04", (0.915, 0.46), (0.20, 0.62), -6),
            Stand("CT-12", (0.60, 0.46), (0.20, 0.46), 8),
            Stand("CT-11", (0.75, 0.50), (0.24, 0.56), -8),
            Stand("FV-07", (0.90, 0.77), (0.15, 0.22)),
            Stand("BK-01", (0.63, 0.77), (0.31, 0.34), 14),
            Stand("FV-04", (0.775, 0.84), (0.15, 0.20)),
        ),
    ),
    # Dinner is decided: Thai green curry for two.
    "advert-2": Advert(
        ("f0f6dc", "a9cf8f"),
        (
            Stand("FV-21", (0.92, 0.44), (0.26, 0.46)),
            Stand("PN-03", (0.57, 0.48), (0.22, 0.52), -18),
            Stand("RM-19", (0.735, 0.50), (0.36, 0.60), -20),
            Stand("FV-19", (0.91, 0.76), (0.17, 0.26)),
            Stand("FV-22", (0.60, 0.83), (0.17, 0.18)),
            Stand("FV-06", (0.765, 0.865), (0.15, 0.20)),
        ),
    ),
    # Never arrive empty-handed: tulips and pralines.
    "advert-3": Advert(
        ("fff1f5", "eeb2c6"),
        (
            Stand("FG-19", (0.925, 0.44), (0.16, 0.70)),
            Stand("FG-01", (0.71, 0.46), (0.46, 0.80)),
            Stand("FG-11", (0.88, 0.74), (0.26, 0.36), -22),
            Stand("FG-10", (0.575, 0.79), (0.22, 0.30), 16),
        ),
        14.0,
    ),
}


def draw_advert(name: str) -> Image.Image:
    """The picture of one advert, 1080 x 608. Raises KeyError for an unknown one."""
    advert = ADVERTS[name]
    products = {p.id: p for p in read_feed(FEED)}
    hi, lo = (hex_colour(c) for c in advert.backdrop)
    shots: list[Shot] = []
    for stand in advert.stands:
        shot = shot_of(products[stand.row])
        yaw = shot.yaw if stand.yaw is None else stand.yaw
        shots.append(
            replace(shot, at=stand.at, fill=stand.fill, backdrop=(hi, lo), pitch=advert.pitch, yaw=yaw)
        )
    return still_life(shots, SIZE)
