"""What plays while nobody is here: playlists, bookings, the operator's share, the ticker. Pure; docs/adverts.md."""

from content.playlist.chooser import HOW, Choice, next_play
from content.playlist.history import History, Play, played
from content.playlist.plan import Plan, plan_of
from content.playlist.records import Creative, Pacing, Playlist, PlaylistEntry, Ticker, TickerLine

__all__ = [
    "HOW", "Choice", "Creative", "History", "Pacing", "Plan", "Play", "Playlist", "PlaylistEntry", "Ticker", "TickerLine",
    "next_play", "plan_of", "played",
]  # fmt: skip
