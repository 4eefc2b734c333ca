"""What an operator books for the time nobody is here, as plain frozen records.

A *creative* is what is shown, a *booking* is what somebody paid for, a *play* is one showing. Shares are per mille of the
hour of the attract loop; docs/adverts.md works one hour through.
"""

from __future__ import annotations

from msgspec import Struct, field

from content.schedule.records import Hours

Texts = dict[str, str]
MOST_PROMISED = 900  # per mille that contract and bookings may promise together: the rest is for everybody


class Creative(Struct, frozen=True, kw_only=True):
    """One advert as people see it. `link` is an aisle key or a GTIN-14, "" for none.

    `sha256` (hexadecimal) names its picture for good and `name` is what it was called: a play recorded with both means the
    same after the picture is deleted or the key is given to another one.
    """

    key: str
    picture: str
    headlines: Texts
    lines: Texts = field(default_factory=dict)
    link: str = ""
    seconds: int = 8
    sha256: str = ""  # of the picture file in the store; "" where there is none
    name: str = ""  # as reports call it; "": its key


class Pacing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many plays somebody wants, spread evenly over the hours they may be in; 0: nobody said."""

    plays_per_day: int = 0
    plays_per_flight: int = 0  # over all days from Hours.since to Hours.until


class PlaylistEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A creative in a playlist.

    With a `share_per_mille` it is booked: so much of each hour is its own. Without, it takes turns with the others in
    proportion to `weight`.
    """

    creative: str  # its key
    booking: str = ""  # what it is billed by
    weight: int = 1  # 1..100
    share_per_mille: int = 0  # of each hour; 0: by weight
    most_per_hour: int = 0  # plays in any 3600 s, whoever booked them; 0: any number
    hours: Hours | None = None  # with the flight's first and last day; None: always
    groups: tuple[str, ...] = ()  # kiosks it is for; none named: all
    pacing: Pacing | None = None


class Playlist(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Entries that belong together. `contract_per_mille`: this playlist is the station operator's, and so much of the loop is
    its by contract whenever one of its creatives may be shown (200: a fifth). One playlist of a kiosk at most has it.
    """

    key: str
    entries: tuple[PlaylistEntry, ...]
    names: Texts = field(default_factory=dict)
    contract_per_mille: int = 0
    groups: tuple[str, ...] = ()


class TickerLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sentence the station operator says to everybody, while its hours last."""

    key: str
    texts: Texts
    hours: Hours | None = None
    groups: tuple[str, ...] = ()
    urgent: bool = False  # only urgent lines are shown as long as there is one


class Ticker(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The lower part of the attract loop, which is the station operator's by contract."""

    lines: tuple[TickerLine, ...] = ()
    area_per_mille: int = 200  # of the glass's height, 100..250
    seconds: int = 10  # each line stays, 4..60
