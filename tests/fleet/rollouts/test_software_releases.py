"""Programs in the operator's repository: listed with where they run, and believed by their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from content.software import cli as software_cli
from fleet.config import Config
from fleet.rollouts.book import Wish
from fleet.rollouts.model import BadRollout
from fleet.rollouts.repository import Releases
from fleet.serve import Fleet
from mqtt.commands import Reported, Running
from mqtt.messages import Presence
from mqtt.topics import Address
from tests.fleet.rollouts.world import ring
from tests.kiosk.software.shop import Builder

AT, AT_MS = "2100-01-01T00:00", 4_102_444_800_000


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """1.3.0; 1.4.0 with bounds, a note and a moment; an image."""
    made = Builder(tmp_path_factory.mktemp("builder"))
    made.publish("1.3.0")
    made.publish("1.4.0", None, "--from-min", "1.2", "--from-max", "1.3.9", "--note", "Week 48", "--at", AT)
    made.publish_image("wall-7", "2.0")
    return made


@pytest.fixture
def fleet(builder: Builder, tmp_path: Path) -> Iterator[Fleet]:
    folder = builder.repository.folder
    with Fleet(Config(data=tmp_path / "fleet", broker_port=1, port=0, releases=folder)) as running:
        running.store.presence("demo/line2/K1", Presence(state="ready", boot="b", since_ms=1), 1)
        yield running


@pytest.fixture
def client(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, trust_env=False) as made:
        yield made


def test_the_list_says_where_programs_run_and_what_they_may_follow(
    fleet: Fleet, client: httpx.Client
) -> None:
    software = Running(
        name="endcap-1.3.0", confirmed=True, target="endcap-1.4.0", phase="failed", reason="bad-starts"
    )
    content = Running(
        name="endcap-1.4.0", confirmed=True
    )  # content that is called alike is not these programs
    report = Reported(version=0, wall_ms=1, content=content, software_state=software)
    fleet.commands.desires.reported(Address("demo", "line2", "K1"), report)

    told = {one["name"]: one for one in client.get("/api/releases").json()["software"]}

    assert set(told) == {"endcap-1.3.0", "endcap-1.4.0", "wall-7"}
    newer = told["endcap-1.4.0"]
    assert (newer["version"], newer["from_min"], newer["from_max"]) == ("1.4.0", "1.2", "1.3.9")
    assert (newer["note"], newer["activates_ms"]) == ("Week 48", AT_MS)
    assert (newer["runs"]["confirmed"], newer["runs"]["failed"]) == (0, 1)
    assert told["endcap-1.3.0"]["runs"]["confirmed"] == 1
    assert (told["wall-7"]["image"], told["wall-7"]["files"]) == ("wall-7", 0)
    page = client.get("/releases").text
    for words in ("endcap-1.4.0", "follows 1.2 to 1.3.9", "Week 48", "1 failed", "wall-7"):
        assert words in page
    assert 'value="endcap-1.4.0"' in client.get("/rollouts").text


def test_programs_nobody_signed_are_neither_rolled_out_nor_pinned(fleet: Fleet, client: httpx.Client) -> None:
    with pytest.raises(BadRollout, match=r"software 'endcap-9.9.9': it is not in the repository; there are "):
        fleet.rollouts.make(_wish("endcap-9.9.9"), "ada", "x")
    with pytest.raises(BadRollout, match=r"release 'endcap-1.4.0': it is not in the repository"):
        fleet.rollouts.make(Wish(kind="content", target="endcap-1.4.0", rings=(ring("all"),)), "ada", "x")
    body = {"kiosk": "demo/line2/K1", "kind": "software", "name": "endcap-9.9.9", "by": "ada", "why": "x"}
    assert client.post("/api/pins", json=body).status_code == 400
    assert client.post("/api/pins", json=body | {"name": "endcap-1.3.0"}).status_code == 201

    made = fleet.rollouts.make(_wish("endcap-1.4.0"), "ada", "x")

    assert made.activates_ms == AT_MS, "deadlines count from the signed moment"


def test_programs_that_were_retired_are_not_listed_and_where_they_run_still_is(
    tmp_path: Path,
) -> None:
    builder = Builder(tmp_path)
    builder.publish("1.3.0")
    releases = Releases(builder.repository.folder)
    assert [one.name for one in releases.software()] == ["endcap-1.3.0"]

    assert software_cli.main(["--retire", "endcap-1.3.0", *builder.where]) == 0

    assert releases.software() == []
    assert releases.trouble == ""
    with pytest.raises(BadRollout, match="there are none"):
        releases.check("software", "endcap-1.3.0")


def test_a_page_that_cannot_be_read_is_said_and_the_last_list_stands(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.publish("1.3.0")
    releases = Releases(builder.repository.folder)
    assert len(releases.software()) == 1
    builder.publish("1.4.0")
    for path in builder.repository.folder.glob("targets/software/*.endcap-1.4.0.release"):
        path.write_bytes(b"{")

    assert [one.name for one in releases.software()] == ["endcap-1.3.0"]

    assert "cannot be read" in releases.trouble


def _wish(name: str) -> Wish:
    return Wish(kind="software", target=name, rings=(ring("all"),))
