"""The hour that docs/adverts.md works through, slide by slide."""

from collections import Counter
from pathlib import Path

from content.playlist import HOW, Pacing, Playlist, PlaylistEntry
from tests.content.playlist.loops import creative, loop, run

DOC = Path(__file__).resolve().parents[3] / "docs" / "adverts.md"
CREATIVES = [
    creative("metro", 10),
    creative("bank"),
    creative("tea", 6),
    creative("film", 15),
    creative("bread"),
]
OPERATOR = Playlist(key="operator", entries=(PlaylistEntry(creative="metro"),), contract_per_mille=200)
SOLD = Playlist(
    key="sold",
    entries=(
        PlaylistEntry(creative="bank", booking="B-1", share_per_mille=150),
        PlaylistEntry(creative="tea", booking="B-2", pacing=Pacing(plays_per_day=480)),
    ),
)
HOUSE = Playlist(
    key="house",
    entries=(PlaylistEntry(creative="film", most_per_hour=12), PlaylistEntry(creative="bread", weight=3)),
)


def test_the_hour_in_the_docs_is_what_plays() -> None:
    shown = list(run(loop(OPERATOR, SOLD, HOUSE, creatives=CREATIVES), 3_600_000))
    plays = Counter(each.slide for each in shown)
    seconds = Counter[str]()
    for each in shown:
        seconds[each.slide] += each.shown_ms // 1000
    rows = [
        f"| {key} | {plays[key]} | {seconds[key]} |" for key in ("metro", "bank", "tea", "film", "bread", HOW)
    ]
    text = DOC.read_text(encoding="utf-8")
    assert [row for row in rows if row not in text] == []
    first = ", ".join(each.slide for each in shown[:12])
    assert first in text, first
