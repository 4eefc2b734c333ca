"""The launcher, as its service manager uses it: real processes, from trees that are broken in every way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.adopting import slots as held
from kiosk.adopting.record import load, save
from kiosk.adopting.slots import Refused, Slots, Trying, Wall
from kiosk.software import launch

LAUNCH = Path(launch.__file__)
WAIT_S = 60.0
GOOD = """
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
    sock.sendto(f"READY=1 {VERSION} {os.environ['ENDCAP_SIDE']} {' '.join(sys.argv[1:])}".encode(), os.environ["NOTIFY_SOCKET"])
"""
NEVER_READY = "import signal\nsignal.pause()\n"


def tree(folder: Path, side: str, release: str, code: str = GOOD, **files: str) -> None:
    """A side as kiosk.software.sides leaves it."""
    (folder / side).mkdir(parents=True)
    written = {"endcap.py": f"VERSION = {release!r}\n{code}", **files}
    for name, text in written.items():
        (folder / side / name).write_text(text)
    sizes = {name: len(text.encode()) for name, text in written.items()}
    (folder / side / "tree.json").write_text(json.dumps({"release": release, "version": "1", "files": sizes}))


class Manager:
    """A service manager: starts the agent anew until it says that it is ready; ends it where it never does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.starts, self.said = folder, 0, b""
        self.path = folder.parent / "notify"
        (folder.parent / "base").mkdir()
        (folder.parent / "base" / "endcap.py").write_text(f"VERSION = 'installed'\n{GOOD}")

    def run(self, *words: str, hangs: bool = False) -> str:
        """What came up: release, side and words."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(str(self.path))
            try:
                for _ in range(9):
                    self.starts += 1
                    self._once(words or ("kiosk", "agent"), hangs=hangs and self.starts <= 3)
                    sock.setblocking(False)
                    try:
                        return sock.recv(999).decode().removeprefix("READY=1 ")
                    except BlockingIOError:
                        continue
            finally:
                self.path.unlink()
        raise AssertionError(f"nothing came up: {self.said.decode()}")

    def _once(self, words: tuple[str, ...], *, hangs: bool) -> None:
        launcher = self.folder.parent / "launch.py"  # a copy outside of everything, as on a kiosk
        launcher.write_bytes(LAUNCH.read_bytes())
        # the folder of the installed programs, put where an interpreter of its own would have it
        base = f"import sys; sys.path.append({str(self.folder.parent / 'base')!r})"
        (site := self.folder.parent / "site").mkdir(exist_ok=True)
        wrapper = site / "python"
        wrapper.write_text(
            f"#!{sys.executable} -P\nimport os, runpy, sys\n{base}\n"
            "sys.executable = os.path.abspath(__file__)\n"
            "words = sys.argv[1:]\n"
            "words = [word for word in words if word != '-P']\n"
            "sys.path[:0] = [at for at in os.environ.get('PYTHONPATH', '').split(':') if at and at not in sys.path]\n"
            "sys.argv = words[1:] if words[0] == '-m' else words\n"
            "runpy.run_module(words[1], run_name='__main__') if words[0] == '-m' else runpy.run_path(words[0], run_name='__main__')\n"
        )
        wrapper.chmod(0o755)
        child = subprocess.Popen(
            [str(wrapper), str(launcher), str(self.folder), *words], stderr=subprocess.PIPE, cwd="/",
            env={**os.environ, "NOTIFY_SOCKET": str(self.path)},
        )  # fmt: skip
        with child:
            assert child.stderr is not None
            if hangs:
                self.said += (
                    child.stderr.readline()
                )  # it says from where, then becomes what never says anything
                child.send_signal(signal.SIGKILL)
            self.said += child.communicate(timeout=WAIT_S)[1]


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    (tmp_path / "software").mkdir()
    return Manager(tmp_path / "software")


def wall(side: str, release: str) -> Wall:
    return Wall(release, side)


def on_trial(folder: Path) -> None:
    save(folder, Slots(trying=Trying(wall("b", "new"), 5, 0), confirmed=wall("a", "old")))


def test_what_was_installed_runs_where_nothing_was_fetched(manager: Manager) -> None:
    assert manager.run() == "installed  kiosk agent"
    assert not (manager.folder / "current").is_symlink()


def test_new_programs_start_and_the_link_leads_to_them(manager: Manager) -> None:
    tree(manager.folder, "a", "old")
    tree(manager.folder, "b", "new")
    on_trial(manager.folder)

    assert manager.run() == "new b kiosk agent"

    trying = load(manager.folder).trying
    assert trying is not None
    assert trying.starts == 1
    assert (manager.folder / "current").readlink() == Path("b")
    assert manager.run("kiosk", "ui", "--headless") == "new b kiosk ui --headless"
    assert load(manager.folder).trying == trying  # a screen's start is nobody's trial


@pytest.mark.parametrize(
    ("code", "hangs"),
    [
        ("this is no Python", False),
        ("import a_package_that_is_missing", False),
        ("raise SystemExit(1)", False),
        ("import os\nos.abort()", False),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", False),
        (NEVER_READY, True),
    ],
    ids=["syntax error", "missing package", "ends at once", "aborts", "killed", "hangs without READY"],
)
def test_three_bad_starts_and_the_side_before_runs(manager: Manager, code: str, hangs: bool) -> None:
    tree(manager.folder, "a", "old")
    tree(manager.folder, "b", "new", code)
    on_trial(manager.folder)

    assert manager.run(hangs=hangs) == "old a kiosk agent"

    slots = load(manager.folder)
    assert manager.starts == 4
    assert slots.trying is None
    assert slots.refused["new"].reason == "bad-starts"
    assert (manager.folder / "current").readlink() == Path("a")


@pytest.mark.parametrize(
    "damage", ["no mark", "torn mark", "file gone", "file torn", "another release", "side gone"]
)
def test_a_side_that_is_not_whole_is_never_started(manager: Manager, damage: str) -> None:
    tree(manager.folder, "a", "old")
    tree(manager.folder, "b", "new", more="1")
    on_trial(manager.folder)
    side = manager.folder / "b"
    match damage:
        case "no mark":
            (side / "tree.json").unlink()
        case "torn mark":
            (side / "tree.json").write_text('{"release": "new", "files"')
        case "file gone":
            (side / "more").unlink()
        case "file torn":
            (side / "more").write_text("")
        case "another release":
            (side / "tree.json").write_text((side / "tree.json").read_text().replace('"new"', '"newer"'))
        case _:
            side.rename(manager.folder / "elsewhere")

    assert manager.run() == "old a kiosk agent"
    assert manager.starts == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 2}',
        '{"format": 1, "trying": 7, "confirmed": [], "previous": {"folder": "../x"}}',
    ],
)
def test_slots_that_cannot_be_read_start_what_was_installed(manager: Manager, text: str) -> None:
    tree(manager.folder, "a", "old")
    (manager.folder / "slots.json").write_text(text)

    assert manager.run() == "installed  kiosk agent"


def test_a_start_that_cannot_be_counted_is_not_tried(tmp_path: Path) -> None:
    folder = tmp_path / "software"
    tree(folder, "a", "old")
    tree(folder, "b", "new")
    on_trial(folder)
    (folder / ".slots.json.part").mkdir()  # nothing can be written there

    assert launch.begin(folder, 1) == "a"


def test_the_link_moves_at_once_and_goes_with_the_last_side(tmp_path: Path) -> None:
    tree(tmp_path, "a", "old")
    assert launch.point(tmp_path, "a")
    assert launch.followed(tmp_path) == "a"
    assert launch.point(tmp_path, "")
    assert launch.followed(tmp_path) == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


walls = st.builds(Wall, st.sampled_from(["r1", "r2", "r3"]), st.sampled_from(["a", "b"]))
refusals = st.dictionaries(
    st.sampled_from(["r1", "r2"]), st.builds(Refused, st.just("x"), st.just(""), st.integers(0, 9))
)


@given(
    st.builds(
        Slots,
        trying=st.none() | st.builds(Trying, walls, st.integers(0, 9), st.integers(0, 5)),
        confirmed=st.none() | walls,
        previous=st.none() | walls,
        refused=refusals,
    )
)
def test_the_launcher_counts_as_the_slots_do(slots: Slots) -> None:
    """It may import nothing of the programs it starts, so the rule is there twice; here the two are held together."""
    told = json.loads(msgspec.json.encode(slots))

    after = msgspec.convert(launch.start(told, 77), Slots)

    assert after == held.start(slots, 77)
    assert launch.BAD_STARTS == held.BAD_STARTS
    order = [
        (one.folder, one.release)
        for one in (after.trying and after.trying.wall, after.confirmed, after.previous)
        if one
    ]
    assert launch.order(json.loads(msgspec.json.encode(after))) == order


def test_the_launcher_needs_the_standard_library_alone() -> None:
    """Started with nothing else to be found, it says what it wants."""
    asked = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH)], capture_output=True, check=False, timeout=WAIT_S
    )

    assert asked.returncode == 2
    assert b"usage" in asked.stderr
