"""adverts.toml: adverts, what their time is sold as, the ticker; each kiosk gets what is for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.authored import ContentError, Where, read_content, resolve
from content.authored.dayparts import DAYS
from tests.authored import folders
from tests.authored.folders import a_folder

HERE = Where("op", "line2-park", "wall-1")
AIRPORT = Where("op", "airport", "wall-1")


def test_a_kiosk_gets_its_playlists_adverts_and_lines(tmp_path: Path) -> None:
    content = read_content(a_folder(tmp_path)).content
    here, there = resolve(content, HERE)[0], resolve(content, AIRPORT)[0]
    assert [advert.key for advert in here.adverts] == ["spring"]
    assert [playlist.key for playlist in here.playlists] == ["house"]
    assert here.ticker is None
    assert [advert.key for advert in there.adverts] == ["spring", "flight"]
    assert [playlist.key for playlist in there.playlists] == ["house", "airport"]
    assert there.ticker is not None
    assert [line.key for line in there.ticker.lines] == ["gates"]
    hours = here.playlists[0].entries[0].hours
    assert hours is not None
    assert hours.windows[0].days == tuple(range(len(DAYS)))
    assert str(hours.until) == "2026-12-31"


def changed(text: str, new: str) -> str:
    assert text in folders.ADVERTS
    return folders.ADVERTS.replace(text, new)


@pytest.mark.parametrize(
    ("text", "new", "path"),
    [
        ('advert = "spring"', 'advert = "autumn"', "playlists[0].entries[0].creative"),
        ('daypart = "late"', 'daypart = "dawn"', "playlists[0].entries[0].daypart"),
        ("plays_per_day = 40", "plays_per_day = 40\nshare_per_mille = 10", "playlists[1].entries[0].pacing"),
        ("plays_per_day = 40", "weight = 0", "playlists[1].entries[0].weight"),
        ("contract_per_mille = 200", "contract_per_mille = 950", "playlists[1].contract_per_mille"),
        ('key = "flight"', 'key = "spring"', "adverts[1].key"),
        ('picture = "milk.png"\nheadlines = { en = "Spring" }', 'picture = "no.png"\nheadlines = { en = "S" }', "adverts[0].picture"),
        ('link = "milk"', 'link = "meat"', "adverts[0].link"),
        ('headlines = { en = "Spring" }', 'headlines = { de = "Lenz" }', "adverts[0].headlines"),
        ('groups = ["airport"]\ntexts', 'groups = ["moon"]\ntexts', "ticker.lines[0].groups[0]"),
        ('groups = ["airport"]\ncontract', 'groups = ["moon"]\ncontract', "playlists[1].groups[0]"),
        ('{ en = "Gates close early." }', '{ de = "Zu." }', "ticker.lines[0].texts"),
        ("[ticker]\n", "[ticker]\nseconds = 1\n", "ticker.seconds"),
        ('texts = { en = "Gates close early." }', 'words = "Gates"', "ticker.lines[0].words"),
    ],
)  # fmt: skip
def test_a_mistake_says_file_and_place(tmp_path: Path, text: str, new: str, path: str) -> None:
    with pytest.raises(ContentError) as caught:
        read_content(a_folder(tmp_path, adverts=changed(text, new)))
    assert ("adverts.toml", path) in {(each.file, each.path) for each in caught.value.mistakes}
