"""The Common Alerting Protocol: what is read, what it becomes on a wall, where it holds, and every way it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.emergency.cap import BadCap, read_cap
from fleet.emergency.placing import NotForWalls, Station, alert_of, check, id_of, read_stations, sites_in

HEAD = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{id}</identifier><sender>w@met.example</sender>'
    "<sent>2026-11-22T12:00:00+01:00</sent><status>{status}</status><msgType>{kind}</msgType><scope>{scope}</scope>"
    "{references}{info}</alert>"
)
INFO = (
    "<info><language>{language}</language><category>{category}</category><event>Storm</event>{response}"
    "<urgency>Immediate</urgency><severity>{severity}</severity><certainty>Observed</certainty>"
    "<expires>2026-11-22T14:00:00+01:00</expires><senderName>Met</senderName><headline>{headline}</headline>"
    "<description>Wind.</description><instruction>Stay in.</instruction>{area}</info>"
)
AREA = "<area><areaDesc>Town</areaDesc>{inside}</area>"


def info(**more: str) -> str:
    return INFO.format(
        **{
            "language": "en",
            "category": "Met",
            "response": "",
            "severity": "Severe",
            "headline": "Storm!",
            "area": "",
        }
        | more
    )


def cap(infos: str | None = None, **more: str) -> bytes:
    fields = {"id": "A1", "status": "Actual", "kind": "Alert", "scope": "Public", "references": ""}
    return HEAD.format(**fields | more, info=info() if infos is None else infos).encode()


def test_languages_severity_sign_and_times_come_over() -> None:
    alert = alert_of(
        read_cap(
            cap(
                info()
                + info(
                    language="de",
                    headline="Sturm!",
                    severity="Extreme",
                    response="<responseType>Evacuate</responseType>",
                )
            )
        )
    )
    assert {tag: words.headline for tag, words in alert.words.items()} == {"en": "Storm!", "de": "Sturm!"}
    assert (alert.severity, alert.urgency, alert.certainty) == ("extreme", "immediate", "observed")
    assert (alert.sign, alert.sender, alert.audible, alert.exercise) == ("exit", "Met", True, False)
    assert alert.until_ms == 1_795_352_400_000
    assert alert.id == id_of("w@met.example", "A1")


def test_an_exercise_says_that_it_is_one() -> None:
    found = read_cap(cap(status="Exercise"))
    check(found)
    assert alert_of(found).exercise


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"status": "Test"}, "status Test"), ({"status": "Draft"}, "status Draft"), ({"status": "System"}, "status System"),
        ({"scope": "Private"}, "scope Private"), ({"scope": "Restricted"}, "scope Restricted"),
        ({"kind": "Ack", "references": "<references>a,b,c</references>"}, "msgType Ack"),
        ({"kind": "Error", "references": "<references>a,b,c</references>"}, "msgType Error"),
    ],
)  # fmt: skip
def test_what_is_not_for_the_public_is_not_shown(more: dict[str, str], why: str) -> None:
    with pytest.raises(NotForWalls, match=why):
        check(read_cap(cap(**more)))


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is not XML"),
        (b"<alert/>", "expected an alert of urn"),
        (b"hello", "is not XML"),
        (b'<?xml version="1.0" encoding="martian"?><a/>', "is not XML"),
        (cap()[:200], "is not XML"),
        (b"\xff" + cap(), "is not XML"),
        (BOMB + cap(), "DTDForbidden"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + cap(), "DTDForbidden"),
        (b" " * 600_000, "bytes, expected at most"),
        (cap().replace(b"cap:1.2", b"cap:1.1"), "cap:1.1"),
        (cap(info() * 30), "30 info"),
        (cap(info(area=AREA.format(inside="<x/>" * 6000))), "elements"),
        (cap(""), "info: expected at least one"),
        (cap(id=""), "identifier: expected words"),
        (cap(id="a b"), "identifier 'a b'"),
        (cap(status="Maybe"), "status 'Maybe'"),
        (cap(kind="Shout"), "msgType 'Shout'"),
        (cap(kind="Update"), "references: expected"),
        (cap(kind="Cancel", references="<references>only</references>"), "references 'only'"),
        (cap(info(category="Aliens")), "category 'Aliens'"),
        (cap(info(severity="Huge")), "severity 'Huge'"),
        (cap().replace(b"<event>Storm</event>", b""), "event: expected words"),
        (cap().replace(b"<category>Met</category>", b""), "category: expected at least one"),
        (cap().replace(b"+01:00", b""), "a time such as"),
        (cap().replace(b"2026-11-22T14", b"2026-13-42T14"), "a time such as"),
        (cap().replace(b"<status>", b"<status>Actual</status><status>"), "status: expected once"),
        (cap(info(area=AREA.format(inside="<polygon>1,2 3,4 1,2</polygon>"))), "polygon: expected 4"),
        (
            cap(info(area=AREA.format(inside="<polygon>1,2 3,4 5,6 7,8</polygon>"))),
            "the last one as the first",
        ),
        (cap(info(area=AREA.format(inside="<circle>1,2</circle>"))), "circle '1,2'"),
        (cap(info(area=AREA.format(inside="<circle>95,2 3</circle>"))), "point '95,2'"),
        (cap(info(area="<area/>")), "areaDesc: expected words"),
    ],
)
def test_everything_else_is_refused_with_where_and_what_was_expected(data: bytes, why: str) -> None:
    with pytest.raises(BadCap) as refused:
        read_cap(data)
    assert why in str(refused.value)


STATIONS = {
    "demo/in": Station(at=(52.5, 13.4)), "demo/out": Station(at=(48.1, 11.6)), "demo/code": Station(geocodes=("SAME:006109",)),
    "demo/nowhere": Station(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "sites"),
    [
        ("<polygon>52,13 53,13 53,14 52,14 52,13</polygon>", {"demo/in"}),
        ("<circle>52.5,13.4 10</circle>", {"demo/in"}),
        ("<circle>52.5,13.4 1000</circle>", {"demo/in", "demo/out"}),
        ("<geocode><valueName>SAME</valueName><value>006109</value></geocode>", {"demo/code"}),
        ("<geocode><valueName>FIPS6</valueName><value>006109</value></geocode>", set()),
        ("", set()),
    ],
)
def test_it_holds_where_its_areas_are(inside: str, sites: set[str]) -> None:
    assert sites_in(read_cap(cap(info(area=AREA.format(inside=inside)))), STATIONS) == sites


def test_where_stations_are_is_read_from_a_file_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "stations.toml"
    path.write_text('["demo/in"]\nat = [52.5, 13.4]\n["demo/code"]\ngeocodes = ["SAME:006109"]\n')
    assert read_stations(path) == {"demo/in": STATIONS["demo/in"], "demo/code": STATIONS["demo/code"]}
    for text, why in (("x", "stations.toml"), ("[demo]\n", "expected tenant/site"), ('["a/b"]\nat = [99.0, 0.0]', "degrees"),
                      ('["a/b"]\nwhere = 1', "unknown field")):  # fmt: skip
        path.write_text(text)
        with pytest.raises(ValueError, match=why):
            read_stations(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_stations(tmp_path / "none")
