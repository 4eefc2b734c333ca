"""Far from any network: a month offline and caught up with in one go; a technician with a stick and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kiosk.adopting.record import read
from kiosk.views import Attract, Closed
from tests.faults.clocks import DAY, JumpyClock
from tests.faults.clocks import missing as missing_compiler
from tests.journeys.town import BREAD, LONG_S, SIGNED, Kiosk, Town
from tests.waiting import wait_until

pytestmark = pytest.mark.server


def keeps(kiosk: Kiosk, release: str) -> None:
    """Wait until a kiosk has confirmed a release, by its own record: nobody else knows."""

    def so() -> bool:
        confirmed = read(kiosk.folder / "state" / "content").confirmed
        return confirmed is not None and confirmed.release == release

    wait_until(so, f"{kiosk.address} to keep {release}", LONG_S)


def test_a_wall_that_was_offline_for_a_month_sells_on_and_catches_up(tmp_path: Path) -> None:
    if reason := missing_compiler():
        pytest.skip(reason)
    clock = JumpyClock(tmp_path / "clock")
    with Town(tmp_path, clock.environment) as town:
        town.publishes()
        once = tmp_path / "once"  # the web server of that time, as the kiosk found it
        shutil.copytree(town.repository, once)
        kiosk = town.kiosk("K1", str(once))
        ada = kiosk.start()
        keeps(kiosk, "demo-000001")

        shutil.rmtree(once)
        clock.jump(31 * DAY)
        ada.leaves()
        kiosk.agent.cut()
        ada = kiosk.start()
        ada.comes()
        assert ada.price(BREAD) == 250

        # Meanwhile the operator has gone on; the fleet is reached again, and says where releases lie now.
        town.shelves.prices[BREAD] = 199
        assert town.publishes("--current") == "demo-000002"
        where = ("--repository", str(town.repository), "--keys", str(town.keys))
        town.operator("content", "refresh", *where)
        town.opens()
        town.fleet("desired", "demo/s1/K1", "--source", f"{town.url}/content", *SIGNED)
        ada.leaves_it()
        kiosk.confirms("demo-000002")
        assert ada.price(BREAD) == 199


def test_a_technician_brings_a_release_on_a_stick(tmp_path: Path) -> None:
    with Town(tmp_path) as town:
        town.publishes()
        port = tmp_path / "media"
        kiosk = town.kiosk("K1", f"{port}/*/releases")
        ada = kiosk.start()
        ada.sees(Closed)  # a new card: nothing was ever installed or fetched

        shutil.copytree(town.repository, port / "stick" / "releases")
        ada.sees(Attract)
        keeps(kiosk, "demo-000001")
        assert ada.price(BREAD) == 250
        shutil.rmtree(port / "stick")

        # The next stick was tampered with on the way: it is refused by name, and the wall sells on.
        town.shelves.prices[BREAD] = 199
        town.publishes("--current")
        bad = port / "found" / "releases"
        shutil.copytree(town.repository, bad)
        for page in bad.glob("targets/content/demo/*.demo-000002.release"):
            page.write_bytes(page.read_bytes().replace(b"demo-000002", b"demo-000009"))
        wait_until(lambda: "wrong-bytes" in kiosk.agent.said(), "the stick to be refused")
        assert ada.price(BREAD) == 250
        shutil.rmtree(port / "found")

        shutil.copytree(town.repository, port / "stick" / "releases")
        said = town.operator(
            "kiosk", "fetch", "--config", str(kiosk.config), "--from", str(port / "stick" / "releases")
        )
        assert "demo-000002 is whole on this kiosk" in said
        keeps(kiosk, "demo-000002")
        assert ada.price(BREAD) == 199
