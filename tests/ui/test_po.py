"""Catalogues: read as gettext's own tools read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kiosk.ui.po import BadCatalogue, read
from kiosk.ui.words import LOCALE

from .showroom import TAGS


@pytest.mark.parametrize("tag", TAGS)
def test_babel_reads_the_same(tag: str) -> None:
    path = LOCALE / tag / "LC_MESSAGES" / "endcap.po"
    ours = read(path)
    with path.open("rb") as file:
        peer = read_po(file, locale=tag)
    for message in peer:
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        assert ours.texts[key] == forms
    assert len(ours.texts) == len(peer)
    assert {ours.form(n) for n in range(200)} <= set(range(peer.num_plurals))


def test_every_language_has_every_word() -> None:
    keys = {tag: set(read(LOCALE / tag / "LC_MESSAGES" / "endcap.po").texts) for tag in TAGS}
    for tag in TAGS:
        assert keys[tag] == keys["en"], tag


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "endcap.po"
    path.write_text('msgid "a"\nmsgstr "b"\nmsgctxt "c"\n')
    with pytest.raises(BadCatalogue, match=r"endcap\.po:3: expected msgid"):
        read(path)


def test_what_is_not_translated_yet_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "endcap.po"
    path.write_text('msgid "a"\nmsgstr ""\n\nmsgid "long"\nmsgstr ""\n"one "\n"two"\n')
    found = read(path)
    assert found.text("a") is None
    assert found.text("long") == "one two"
    assert found.text("none") is None
