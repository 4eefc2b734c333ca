"""Alerts as they are laid out: on every panel, in every colour, all languages at once or in turn, and never too small."""

from __future__ import annotations

import pytest
from msgspec import structs

from kiosk.ui.screens.emergency import COLOURS, layout, pages, places
from kiosk.ui.signs import DRAWINGS
from kiosk.ui.text import line_height, wrap
from kiosk.ui.theme import Theme, contrast
from kiosk.views import AlertWords, Emergency, Frame, Panel, reading_ms

PANELS = {
    "portrait": Panel(),
    "landscape": Panel(1920, 1080),
    "reach": Panel(bottom_mm=850),
    "small": Panel(800, 480, 260),
}
SHORT = (
    AlertWords("en", "Leave the station now", "Smoke in hall B.", "Use the stairs."),
    AlertWords("de", "Verlassen Sie sofort die Station", "Rauch in Halle B.", "Benutzen Sie die Treppen."),
    AlertWords("zh", "请立即离开车站", "B厅有烟雾。", "请走楼梯。"),
    AlertWords("ar", "غادروا المحطة الآن", "دخان في القاعة B.", "استخدموا السلالم."),
)
LONG = tuple(
    structs.replace(one, description=(one.description + " ") * 40, instruction=(one.instruction + " ") * 30)
    for one in SHORT
)


def alert(words: tuple[AlertWords, ...] = SHORT, **more: object) -> Emergency:
    view = Emergency(Frame("en"), "A1", "extreme", "exit", "City Metro", words)
    return structs.replace(view, **more)


@pytest.fixture(params=PANELS)
def theme(request: pytest.FixtureRequest) -> Theme:
    return Theme(PANELS[request.param])


@pytest.mark.parametrize("panel", ["portrait", "landscape", "reach"])
def test_short_words_stand_in_all_languages_at_once(panel: str) -> None:
    theme = Theme(PANELS[panel])
    (page,) = pages(theme, alert())
    assert [said.language for said, *_ in page] == ["en", "de", "zh", "ar"]


@pytest.mark.parametrize("words", [SHORT, LONG, SHORT[:1], LONG[:1]])
def test_every_language_stands_on_one_page_within_the_glass_and_large_enough(
    theme: Theme, words: tuple[AlertWords, ...]
) -> None:
    found = pages(theme, alert(words))
    assert [said for page in found for said, *_ in page] == list(words)
    room = places(theme, alert(words))["said"]
    for page in found:
        bottom = room.y
        for said, place, head, small in page:
            assert place.y >= bottom, "none lies over another"
            bottom = place.bottom
            assert head > small >= theme.text
            assert (
                len(wrap(said.headline, head, True, said.language, place.w, 60)) * line_height(head)
                <= place.h
            )
        assert bottom <= room.bottom + 1


def test_long_words_take_turns_no_faster_than_they_can_be_read() -> None:
    found = pages(Theme(Panel(1920, 1080)), alert(LONG))
    assert len(found) > 1
    for page in found:
        assert sum(reading_ms(said) for said, *_ in page) >= 8_000 * len(page)


def test_an_exercise_says_so_in_each_language_above_everything(theme: Theme) -> None:
    nodes = {node.key: node for node in layout(theme, alert(exercise=True))}
    assert {f"exercise-{one.language}" for one in SHORT} <= set(nodes)
    highest = min(node.rect.y for key, node in nodes.items() if key.startswith("words-"))
    for one in SHORT:
        assert nodes[f"exercise-{one.language}"].rect.y == 0
        assert nodes[f"exercise-{one.language}"].rect.bottom < highest
    assert not any(node.key.startswith("exercise") for node in layout(theme, alert()))


def test_its_gravity_is_said_by_colour_and_sign_and_word_and_can_be_read() -> None:
    assert len({ground for ground, _ in COLOURS.values()}) == 4, "what is unknown looks like a warning"
    for ground, ink in COLOURS.values():
        assert contrast(ground, ink) >= 7
    for sign in DRAWINGS:
        nodes = layout(Theme(Panel()), alert(sign=sign.removeprefix("alert-")))
        assert [node.key for node in nodes if node.key.startswith("severity-")] == [
            f"severity-{one.language}" for one in SHORT
        ]


def test_what_this_release_does_not_know_is_still_shown(theme: Theme) -> None:
    nodes = layout(theme, alert(severity="cosmic", sign="meteor"))
    for node in nodes:
        assert node.art is not None
        node.art.paint(max(1, node.rect.w), max(1, node.rect.h))


def test_nothing_on_it_can_be_touched_and_it_covers_the_whole_glass(theme: Theme) -> None:
    nodes = layout(theme, alert(LONG, position=1, count=2))
    assert not any(node.tap for node in nodes)
    assert (nodes[0].rect.w, nodes[0].rect.h) == (theme.width, theme.height)
    for node in nodes:
        assert node.rect.x >= 0
        assert node.rect.right <= theme.width
        assert node.rect.bottom <= theme.height
