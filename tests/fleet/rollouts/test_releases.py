"""The operator's repository at the fleet: listed with where it runs, believed for its names and groups, served to kiosks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import content
from content.authored import read_content, to_parts
from content.release.manifest import Activation
from fleet.config import Config, ServeError
from fleet.rollouts.book import Wish
from fleet.rollouts.model import BadRollout
from fleet.rollouts.repository import Releases
from fleet.serve import Fleet
from mqtt.commands import Reported, Running
from mqtt.messages import Presence
from mqtt.topics import Address
from tests.content.release.repositories import Operator, Reader
from tests.fleet.rollouts.world import ring

DEMO = Path(content.__file__).parent / "demo"
AT = 1_800_000_000


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """demo-000001 is for everybody; demo-000002 has a moment, and a note."""
    made = Operator(tmp_path_factory.mktemp("operator"), int(time.time()))
    parts = to_parts(read_content(DEMO).content)
    made.publish(parts, current=True)
    made.publish(parts, note="Advent walls", activate=Activation(at=AT))
    return made


@pytest.fixture
def fleet(operator: Operator, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(Config(data=tmp_path / "fleet", broker_port=1, port=0, releases=operator.folder)) as running:
        for site in ("airport", "central"):
            running.store.presence(f"demo/{site}/K1", Presence(state="ready", boot="b", since_ms=1), 1)
        yield running


@pytest.fixture
def client(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, trust_env=False) as made:
        yield made


def test_the_list_says_where_each_runs(fleet: Fleet, client: httpx.Client) -> None:
    for site, running in (
        ("airport", Running(name="demo-000001", confirmed=True, target="demo-000002", phase="failed", reason="refused")),
        ("central", Running(name="demo-000002", confirmed=True, target="demo-000002")),
    ):  # fmt: skip
        report = Reported(version=0, wall_ms=1, content=running)
        fleet.commands.desires.reported(Address("demo", site, "K1"), report)
    second, first = client.get("/api/releases").json()["releases"]
    assert (first["name"], first["current"], first["note"]) == ("demo-000001", True, "")
    assert (second["name"], second["current"], second["note"]) == ("demo-000002", False, "Advent walls")
    assert second["activates_ms"] == AT * 1000
    assert (first["runs"]["confirmed"], first["runs"]["failed"]) == (1, 0)
    assert (second["runs"]["confirmed"], second["runs"]["failed"]) == (1, 1)
    page = client.get("/releases").text
    for words in ("Advent walls", "for everybody", "demo-000002", "1 failed"):
        assert words in page


def test_only_what_was_signed_is_rolled_out_and_pinned(fleet: Fleet, client: httpx.Client) -> None:
    assert client.get("/releases").text.count("nowhere") == 2
    wish = Wish(kind="content", target="demo-000009", rings=(ring("all"),))
    with pytest.raises(
        BadRollout, match="'demo-000009': it is not in the repository; there are demo-000002, demo-000001"
    ):
        fleet.rollouts.make(wish, "ada", "x")
    body = {"kiosk": "demo/central/K1", "name": "demo-000009", "by": "ada", "why": "x"}
    assert client.post("/api/pins", json=body).status_code == 400
    made = fleet.rollouts.make(Wish(kind="content", target="demo-000002", rings=(ring("all"),)), "ada", "x")
    assert made.activates_ms == AT * 1000, "deadlines count from the signed moment"


def test_rings_take_the_groups_of_the_operators_content(fleet: Fleet) -> None:
    wish = Wish(
        kind="content", target="demo-000002", rings=(ring("flights", groups=("airport",)), ring("rest"))
    )
    members = {
        one.kiosk: one.ring for one in fleet.rollouts.book.preview(fleet.rollouts.make(wish, "ada", "x"))
    }
    assert members == {"demo/airport/K1": 0, "demo/central/K1": 1}


def test_a_client_of_the_update_framework_is_served(operator: Operator, fleet: Fleet, tmp_path: Path) -> None:
    reader = Reader(tmp_path / "kiosk", f"{fleet.url}/content", operator.repository.root_bytes())
    assert reader.releases() == {"demo-000001": True, "demo-000002": False}


def test_a_cut_download_goes_on_and_nothing_named_by_its_content_is_asked_for_twice(
    operator: Operator, client: httpx.Client
) -> None:
    blob = max((operator.folder / "blobs").glob("*/*"), key=lambda path: path.stat().st_size)
    where, whole = f"/content/blobs/{blob.parent.name}/{blob.name}", blob.read_bytes()
    answer = client.get(where)
    assert answer.content == whole
    assert "immutable" in answer.headers["cache-control"]
    assert "content-encoding" not in answer.headers, "its bytes are what is signed"
    rest = client.get(where, headers={"range": f"bytes={len(whole) - 100}-"})
    assert (rest.status_code, rest.content) == (206, whole[-100:])
    assert client.get("/content/metadata/timestamp.json").headers["cache-control"] == "no-cache"
    assert client.head(where).headers["content-length"] == str(len(whole))
    assert client.get(where, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 200, (
        "for kiosks anywhere"
    )


@pytest.mark.parametrize(
    "path",
    [
        "", ".lock", ".unused.json", "metadata/", "metadata/../.lock", "metadata/%2e%2e/.lock", "../keys/root-1.json",
        "..%2fkeys", "blobs/aa/../../.lock", "blobs/aa/" + "0" * 64, "metadata/9.root.json", "targets/content/demo/",
        "metadata/timestamp.json%00", "blobs/" + "a" * 5000,
    ],
)  # fmt: skip
def test_nothing_else_of_the_folder_is_served(client: httpx.Client, path: str) -> None:
    assert client.get(f"/content/{path}").status_code == 404


def test_a_way_out_of_the_folder_by_link_is_none(
    operator: Operator, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    name = "f" * 64
    link = operator.folder / "blobs" / "ff" / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "secret")
    try:
        assert client.get(f"/content/blobs/ff/{name}").status_code == 404
    finally:
        link.unlink()


def test_a_repository_that_cannot_be_read_is_said_and_the_last_list_stands(
    operator: Operator, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "metadata").symlink_to(operator.folder / "metadata")
    (folder / "targets").symlink_to(operator.folder / "targets")
    releases = Releases(folder)
    assert len(releases.all()) == 2
    (folder / "metadata").unlink()
    assert len(releases.all()) == 2
    assert "cannot be read" in releases.trouble
    (folder / "metadata").mkdir()
    (folder / "metadata" / "timestamp.json").write_text("{}")
    assert len(releases.all()) == 2
    assert "cannot be read" in releases.trouble
    assert Releases(tmp_path / "none").all() == []


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"--releases .*: there is no such folder"):
        Fleet(Config(data=tmp_path / "fleet", broker_port=1, port=0, releases=tmp_path / "none"))
