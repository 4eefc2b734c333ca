"""What the machine is made of, from Debian's packages: QEMU, a kernel with its modules, the programs tested against.

Nothing is installed and root is not needed: packages this system lacks are downloaded and unpacked into `.endcap-vm/root`,
which the guest lays over the host's root. QEMU itself runs from there too where it is not installed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".endcap-vm"
TREE = CACHE / "root"

PACKAGES = (
    "qemu-system-x86", "linux-image-amd64", "busybox-static", "kmod", "udev", "tar",
    "libnfc-bin", "pcscd", "libccid", # independent stacks our ACR122U simulator must satisfy
)  # fmt: skip
# Of the kernel's modules two thirds by size; and what a test has no use for.
LEFT_OUT = (
    *(f"./lib/modules/*/kernel/{part}" for part in ("drivers/gpu", "drivers/net", "drivers/media", "drivers/scsi", "drivers/infiniband", "sound", "net/wireless", "drivers/iio")),
    "./usr/share/doc", "./usr/share/man", "./usr/share/locale",
)  # fmt: skip
ORACLES = ("nfcpy==1.0.4", "libusb1==3.3.1", "pyDes==2.0.1", "ndeflib==0.3.3")


class CannotRun(Exception):
    """This machine cannot run the virtual one; the text says why."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Where things are on the host."""

    qemu: tuple[str, ...]  # the command's beginning
    environment: dict[str, str]
    kernel: Path
    version: str  # as `uname -r` will say
    modules: Path  # lib/modules/VERSION
    busybox: Path


def parts() -> Parts:
    """Everything needed, downloaded where it is not there yet (90 MB, once). Raises CannotRun."""
    if platform.machine() != "x86_64" or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise CannotRun("it needs Debian's packages (apt-get, dpkg-deb) on x86-64")
    stamp = CACHE / "made-from"
    name = hashlib.sha256("\n".join([*PACKAGES, *ORACLES, str(ROOT)]).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != name:
        shutil.rmtree(CACHE, ignore_errors=True)
        _unpack(_download())
        _bring_oracles()
        stamp.write_text(name)
    return _found()


def _run(*command: str | Path, env: dict[str, str] | None = None, executable: Path | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=env, executable=executable,
    )  # fmt: skip
    if done.returncode:
        last = " | ".join((done.stderr or done.stdout).strip().splitlines()[-2:])
        raise CannotRun(f"`{' '.join(str(part) for part in command[:4])} ...` failed: {last}")


def _download() -> Path:
    """The packages this system lacks, dependencies included, as files."""
    archives, lists = CACHE / "archives", CACHE / "lists"
    for folder in (archives, lists):
        (folder / "partial").mkdir(parents=True)
    order = [
        "apt-get",
        "-o",
        "Debug::NoLocking=1",
        "-o",
        f"Dir::Cache::archives={archives}",
        "-o",
        "APT::Sandbox::User=",
    ]
    install = ["install", "-q", "-y", "--download-only", "--no-install-recommends", *PACKAGES]
    try:
        _run(*order, *install)
    except (
        CannotRun
    ):  # no package lists on this machine, or old ones: keep our own, which needs no root either
        order += ["-o", f"Dir::State::lists={lists}"]
        _run(*order, "update", "-q")
        _run(*order, *install)
    return archives


def _unpack(archives: Path) -> None:
    """Unpack into TREE as the host is laid out: a real /lib there would hide the host's link of that name."""
    TREE.mkdir()
    for top in ("bin", "sbin", "lib", "lib64"):
        if Path("/", top).is_symlink():
            (TREE / "usr" / top).mkdir(parents=True, exist_ok=True)
            (TREE / top).symlink_to(f"usr/{top}")
    leave_out = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    for package in sorted(archives.glob("*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as source:
            subprocess.run(
                ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", *leave_out, "-C", TREE],
                stdin=source.stdout,
                check=True,
            )
    shutil.rmtree(archives)


def _bring_oracles() -> None:
    """Python libraries for the guest alone: nfcpy (EUPL) is run beside us and never imported by us."""
    pip = ["-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", "--no-input"]
    try:
        _run(sys.executable, *pip, "--target", CACHE / "python", *ORACLES)
    except CannotRun:
        (CACHE / "python").mkdir(exist_ok=True)  # their checks say that they are missing


def _first(*places: Path) -> Path | None:
    return next((place for place in places if place.exists()), None)


def _found() -> Parts:
    roots = (TREE, Path("/"))
    libraries = TREE / "usr/lib/x86_64-linux-gnu"
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{libraries}:{libraries}/pulseaudio"}
    kernels = [file for root in roots for file in sorted((root / "boot").glob("vmlinuz-*-amd64"))]
    kernels = [file for file in kernels if "cloud" not in file.name]  # those have neither USB nor gadgets
    if not kernels:
        raise CannotRun("no kernel of Debian's was found")
    kernel = kernels[0]
    version = kernel.name.removeprefix("vmlinuz-")
    modules = _first(*(root / "lib/modules" / version for root in roots))
    busybox = _first(*(root / place for root in roots for place in ("bin/busybox", "usr/bin/busybox")))
    if modules is None or busybox is None:
        raise CannotRun("the kernel's modules or busybox-static were not unpacked")
    if not (modules / "modules.dep").exists():
        kmod = _first(*(root / "bin/kmod" for root in roots))
        if kmod is None:
            raise CannotRun("there is no kmod")
        # By the name it is called kmod knows which of its programs is meant; depmod is a link to /bin/kmod.
        _run("depmod", "-b", TREE, version, env=environment, executable=kmod)
    own = TREE / "usr/bin/qemu-system-x86_64"
    if own.exists():
        qemu = (str(own), "-L", str(TREE / "usr/share/qemu"), "-L", str(TREE / "usr/share/seabios"))
        return Parts(qemu, environment, kernel, version, modules, busybox)
    return Parts(("qemu-system-x86_64",), dict(os.environ), kernel, version, modules, busybox)
