"""Sets of alerts: what can be said, in which order it matters, and what is refused with where and why."""

from __future__ import annotations

import pytest
from msgspec import structs

from content.alerts import (
    MOST_ALERTS,
    MOST_BYTES,
    Alert,
    AlertSet,
    BadAlerts,
    Wording,
    read_alerts,
    write_alerts,
)

FIRE = Alert(
    id="A1",
    words={
        "en": Wording("Leave the station", "Smoke in hall B.", "Use the stairs."),
        "ar": Wording("غادروا المحطة"),
    },
    sender="City Metro",
    severity="extreme",
    urgency="immediate",
    certainty="observed",
    sign="exit",
    onset_ms=1_795_345_200_000,
    until_ms=1_795_348_800_000,
    audible=True,
)
SET = AlertSet(kiosk="demo/s1/K1", version=3, at_ms=1_795_345_200_000, alerts=(FIRE,))


def test_a_set_is_read_as_it_was_written() -> None:
    assert read_alerts(write_alerts(SET)) == SET


def test_a_set_without_alerts_says_that_all_is_over() -> None:
    assert read_alerts(write_alerts(AlertSet(kiosk="a/b/c", version=9))).alerts == ()


def test_the_gravest_comes_first_and_an_exercise_after_all_that_is_real() -> None:
    minor = structs.replace(FIRE, id="A2", severity="minor")
    unknown = structs.replace(FIRE, id="A3", severity="unknown")
    exercise = structs.replace(FIRE, id="A4", exercise=True)
    later = structs.replace(FIRE, id="A5", urgency="future")
    found = sorted((exercise, minor, unknown, later, FIRE), key=lambda one: one.gravity)
    assert [one.id for one in found] == ["A1", "A5", "A3", "A2", "A4"]


@pytest.mark.parametrize(
    ("alert", "what"),
    [
        (structs.replace(FIRE, id=""), "id ''"),
        (structs.replace(FIRE, id="a b"), "id 'a b'"),
        (structs.replace(FIRE, words={}), "0 languages"),
        (structs.replace(FIRE, words={"en": Wording("x"), "??": Wording("x")}), "language '??'"),
        (structs.replace(FIRE, words={"en": Wording(" ")}), "headline (en): expected words"),
        (structs.replace(FIRE, words={"en": Wording("x" * 161)}), "headline (en): 161"),
        (structs.replace(FIRE, words={"en": Wording("x", "y" * 1201)}), "description (en): 1201"),
        (structs.replace(FIRE, words={"en": Wording("x", "", "y" * 1201)}), "instruction (en): 1201"),
        (structs.replace(FIRE, until_ms=FIRE.onset_ms), "ends before it begins"),
        (structs.replace(FIRE, onset_ms=-1), "before 1970"),
        (structs.replace(FIRE, sender="x" * 121), "sender: 121"),
    ],
)
def test_an_alert_that_cannot_be_shown_is_refused_with_what_was_expected(alert: Alert, what: str) -> None:
    with pytest.raises(BadAlerts, match=r"alerts\[0\]") as refused:
        write_alerts(structs.replace(SET, alerts=(alert,)))
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (structs.replace(SET, format=2), "format 2"),
        (structs.replace(SET, version=0), "version 0"),
        (structs.replace(SET, version=2**53), "version"),
        (structs.replace(SET, alerts=(FIRE, FIRE)), "two alerts of one id"),
        (structs.replace(SET, alerts=tuple(structs.replace(FIRE, id=f"A{n}") for n in range(9))), "9 alerts"),
    ],
)
def test_a_set_no_kiosk_can_take_is_refused(said: AlertSet, what: str) -> None:
    with pytest.raises(BadAlerts) as refused:
        write_alerts(said)
    assert what in str(refused.value)


def test_more_bytes_than_a_broker_takes_are_refused() -> None:
    words = {f"a{chr(97 + n)}": Wording("x", "界" * 1200, "界" * 1200) for n in range(12)}
    many = tuple(structs.replace(FIRE, id=f"A{n}", words=words) for n in range(MOST_ALERTS))
    with pytest.raises(BadAlerts, match="bytes, expected at most"):
        write_alerts(structs.replace(SET, alerts=many))
    with pytest.raises(BadAlerts, match="bytes, expected at most"):
        read_alerts(b" " * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"version":"x"}',
        b"\xff\xfe",
        b'{"version":1,"alerts":[{"id":"A","words":{"en":{}}}]}',
        b"[" * 5000,
    ],
)
def test_bytes_that_are_no_set_are_refused(body: bytes) -> None:
    with pytest.raises(BadAlerts):
        read_alerts(body)
