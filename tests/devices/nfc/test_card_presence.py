from __future__ import annotations

import pytest

from devices.drivers.card_presence import CardPresence
from devices.errors import ProtocolError, Timeout
from devices.protocol.pn532_targets import exchanged, target_of


def taps(looks: str) -> str:
    """Looks as letters ("." no card; capitals: armed), taps as the letters that were told."""
    presence = CardPresence()
    told = ""
    for sign in looks:
        armed = sign.isupper() or sign == "."
        if presence.look(None if sign in ".," else sign.upper(), armed):
            told += sign
    return told


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ("AAAA", "A"),  # held
        ("A.A", "A"),  # one look missed it
        ("A..A", "AA"),  # taken away and held again
        ("AaaaAA", "A"),  # left lying there while nobody wanted one, then armed anew
        ("Aa,,A", "AA"),  # taken away meanwhile
        ("AB", "AB"),  # another one takes its place
        ("ABAB", "AB"),  # two in a wallet, seen in turn
        ("AbabAB", "A"),  # the same wallet, left lying there
        ("Ab,,B", "AB"),  # the other one, after the field was empty
        ("aaA", "A"),  # laid down before anybody wanted one
        ("aabB", "B"),  # exchanged before anybody wanted one
    ],
)
def test_a_card_is_taken_once(looks: str, told: str) -> None:
    assert taps(looks) == told


class TestTargets:
    def test_a_tag_and_a_phone(self) -> None:
        tag = target_of(bytes.fromhex("4b010100440007" + "04a1b2c3d4e5f6"))
        assert tag is not None
        assert (tag.uid.hex(), tag.sel_res, tag.ats) == ("04a1b2c3d4e5f6", 0, b"")
        phone = target_of(bytes.fromhex("4b0101000420" + "0408a1b2c3" + "0578807002"))
        assert phone is not None
        assert (phone.uid.hex(), phone.ats.hex()) == ("08a1b2c3", "0578807002")
        assert target_of(b"\x4b\x00") is None

    @pytest.mark.parametrize(
        "answer",
        ["", "4b", "4100", "4b02", "4b0101000408", "4b010100440805a1b2c3d4e5", "4b0101004408" + "04a1b2", "4b010200440804a1b2c3d4",
         "4b010100440804a1b2c3d40578", "4b010100440804a1b2c3d401"],
    )  # fmt: skip
    def test_what_contradicts_itself_is_refused_and_not_repeated(self, answer: str) -> None:
        with pytest.raises(ProtocolError) as error:
            target_of(bytes.fromhex(answer))
        assert "a1b2" not in str(error.value)

    def test_a_cards_answer(self) -> None:
        assert exchanged(bytes.fromhex("41009000")) == b"\x90\x00"
        for silent in ("4101", "4129", "416b"):
            with pytest.raises(Timeout):
                exchanged(bytes.fromhex(silent))
        for wrong, why in (("4102", "CRC"), ("413f", "status 3F"), ("4b00", "not an answer")):
            with pytest.raises(ProtocolError, match=why):
                exchanged(bytes.fromhex(wrong))
