"""What a command has done to the machine: real programs stand in for systemd's, and everything ends in time."""

from __future__ import annotations

import gzip
import logging
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from content.references import claim_of
from kiosk.link.link import memory_pair
from kiosk.operated.hands import Hands
from kiosk.operated.logs import MOST_PACKED, PIECE, Ring, collected, pieces, scrub


def program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def hands(folder: Path, can: str = "echo 's \"yes\"'", reboot: str = "exit 0") -> Hands:
    return Hands(
        memory_pair()[0], None, systemd=folder,
        can_reboot=(program(folder, "busctl", can),), reboot=(program(folder, "systemctl", reboot),),
    )  # fmt: skip


def test_a_machine_that_may_start_again_is_known_to(tmp_path: Path) -> None:
    may = hands(tmp_path)
    assert may.cannot()["reboot"] == "not-available", "nobody has looked yet"
    may.look()
    assert "reboot" not in may.cannot()


@pytest.mark.parametrize("said", ["echo 's \"no\"'", "echo 's \"challenge\"'", "exit 1"])
def test_one_that_may_not_says_why(tmp_path: Path, said: str) -> None:
    may_not = hands(tmp_path, said)
    may_not.look()
    assert may_not.cannot()["reboot"] == "not-permitted"


def test_a_machine_without_systemd_cannot(tmp_path: Path) -> None:
    none = Hands(memory_pair()[0], None, systemd=tmp_path / "nowhere")
    none.look()
    assert none.cannot()["reboot"] == "not-available"


def test_a_refusal_is_told_in_its_own_words(tmp_path: Path) -> None:
    outcome = hands(tmp_path, reboot="echo 'Access denied' >&2; exit 1").reboot()
    assert (outcome.state, outcome.reason, outcome.detail) == ("failed", "not-permitted", "Access denied")


def test_a_machine_that_stays_is_said_to_stay(tmp_path: Path) -> None:
    stays = hands(tmp_path)
    stays.close()
    assert stays.reboot().reason == "still-here"


def test_nobody_waits_for_a_screen_that_is_not_there(tmp_path: Path) -> None:
    alone = hands(tmp_path)
    assert alone.screenshot().reason == "no-screen"
    assert alone.restart_ui().reason == "no-screen"


@given(some.integers(0, 2**40 - 1))
def test_no_claim_code_leaves(chance: int) -> None:
    code = claim_of(chance)
    assert code not in scrub(f"claim {code}, said again: {code.replace('-', ' ')}.")


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("password=hunter2 and on", "hunter2"),
        ('"api_key": "sk_live_abc"', "sk_live_abc"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("token 0123456789abcdef0123456789abcdef", "0123456789abcdef"),
        ("GET https://shop.example/01/0952?sig=AAAA&x=1", "AAAA"),
        ("basket K7Q-2M9 of a phone", "K7Q-2M9"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "MIIB"),
    ],
)
def test_secrets_are_struck_out(line: str, kept: str) -> None:
    said = scrub(line)
    assert kept not in said
    assert "[" in said


def test_a_long_log_is_looked_at_a_few_lines_at_a_time() -> None:
    """All of it at once would stop every other thread for seconds, also while somebody pays."""
    line = "2026-11-22 11:00:01 INFO kiosk.agent: password=hunter2 of K7Q2-9MXT\n"
    log = line * (10 * PIECE // len(line)) + "the end: token=abc"
    parts = list(pieces(log))
    assert "".join(parts) == log
    assert len(parts) == 10
    assert max(map(len, parts)) <= PIECE + len(line)
    assert scrub(log).count("password=[secret] of [code]") == log.count(line)
    assert scrub(log).endswith("token=[secret]")


@pytest.mark.parametrize("text", ["https://" * 50_000, "password" + " " * 50_000 + "\n;", "token=" * 50_000])
def test_no_text_takes_for_ever(text: str) -> None:
    """Each of these took minutes and more."""
    assert scrub(text).startswith(text[:5])


def test_what_says_nothing_of_anybody_stays() -> None:
    line = "2026-11-22 11:00:01 INFO kiosk.agent: the store of version 2026-11-20 is adopted; 42 facings at 1,220 mm"
    assert scrub(line) == line


def test_the_journal_is_asked_first_and_its_latest_stays(tmp_path: Path) -> None:
    journal = program(tmp_path, "journalctl", 'echo "asked $1"')
    assert gzip.decompress(collected(15, (journal,))) == b"asked --since=-15min\n"
    noise = tmp_path / "noise"
    noise.write_text("".join(f"{random.Random(n).random()} line {n}\n" for n in range(120_000)))
    packed = collected(15, (program(tmp_path, "long", f"cat {noise}"),))
    assert len(packed) <= MOST_PACKED
    assert gzip.decompress(packed).endswith(b"line 119999\n")


def test_without_a_journal_memory_is_asked(tmp_path: Path) -> None:
    ring = Ring(most=400)
    log = logging.Logger("test")
    log.addHandler(ring)
    for number in range(100):
        log.warning("line %d", number)
    text = gzip.decompress(collected(15, (str(tmp_path / "none"),), ring)).decode()
    assert text.endswith("line 99")
    assert "line 50" not in text
