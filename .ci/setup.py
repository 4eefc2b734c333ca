"""Make `.venv` ready: what `make demo` and `make test` run first. Standard library only; safe to repeat.

    python3 .ci/setup.py [--venv DIR] [--gl required|wanted] [--browser]

It needs Python >= 3.11 and nothing else. Debian's python3 comes without pip and ensurepip, so pip is taken from the
first of: ensurepip, the system's pip, Debian's `python3-pip-whl` package (fetched with apt-get and unpacked into the
environment: neither root nor sudo is needed for that). System libraries that packages need are installed with apt-get
where we are root or sudo asks no password; otherwise one line says what to install.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OLDEST = (3, 11)

# What wheels load at run time but do not bring, found on a bare Debian 12 (debootstrap minbase). Kivy: GL and the touch
# panel. Pillow: FriBiDi, without which its raqm is off and Arabic comes out unjoined. pyusb: libusb.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libmtdev.so.1": "libmtdev1",
    "libfribidi.so.0": "libfribidi0",
    "libusb-1.0.so.0": "libusb-1.0-0",
}


class SetupError(Exception):
    """Set-up cannot go on; the text is one line for the person at the keyboard."""


def say(text: str) -> None:
    """One line to the person waiting."""
    print(f"setup: {text}", flush=True)


def run(
    *command: str | Path, quiet: bool = True, env: dict[str, str] | None = None, cwd: Path | None = None
) -> None:
    """Run a command; raise SetupError with its last words where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        stdin=subprocess.DEVNULL,
        text=True,
        env=env,
        cwd=cwd,
        check=False,
    )
    if done.returncode:
        last = " | ".join((done.stdout or "").strip().splitlines()[-3:])
        raise SetupError(f"`{' '.join(str(part) for part in command)}` failed ({done.returncode}): {last}")


def works(*command: str | Path) -> bool:
    """Whether a command exists and ends well."""
    try:
        return (
            subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


# --- system libraries ---------------------------------------------------------------------------------------------


def missing_libraries() -> list[str]:
    """Debian packages of the shared libraries the loader cannot find."""
    lacking = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            lacking.append(package)
    return lacking


def privileged() -> list[str] | None:
    """What to put before apt-get: [] as root, sudo where it asks no password, None where neither."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and works("sudo", "-n", "true"):
        return ["sudo", "-n"]
    return None


def install_libraries(required: bool) -> None:
    """Install what our packages need from the system, or say in one line what to install."""
    packages = missing_libraries()
    if not packages:
        return
    order = f"apt-get install {' '.join(packages)}"
    prefix = privileged()
    if prefix is not None and shutil.which("apt-get"):
        say(f"installing system libraries: {' '.join(packages)}")
        apt_install(prefix, packages)
        return
    hint = f"the wall needs system libraries and this account may not install them; run as root: {order}"
    if required:
        raise SetupError(hint)
    say(f"{hint} (tests that draw are skipped until then)")


def apt_install(prefix: list[str], packages: list[str]) -> None:
    """Install Debian packages; raises SetupError where that fails."""
    if os.geteuid() == 0:
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = [*prefix, "apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    try:
        run(*install)
    except SetupError:  # a fresh machine has no package lists yet, or old ones
        run(*prefix, "apt-get", "update", "-q")
        run(*install)


def install_browser() -> None:
    """Install Debian's chromium for the tests of the phone's pages where we may; they are skipped without it."""
    if shutil.which("chromium"):
        return
    prefix = privileged()
    if prefix is not None and shutil.which("apt-get"):
        say("installing chromium, for the tests of the phone's pages")
        try:
            apt_install(prefix, ["chromium"])
        except SetupError as error:
            say(str(error))
    if not shutil.which("chromium"):
        say("without chromium the tests of pages in a browser are skipped; as root: apt-get install chromium")


# --- Python -------------------------------------------------------------------------------------------------------


def make_environment(folder: Path) -> Path:
    """An environment with pip in `folder`; returns its python."""
    python = folder / "bin" / "python"
    if not python.exists():
        say(
            f"making a Python {sys.version_info.major}.{sys.version_info.minor} environment in {folder.name}/"
        )
        venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    if not works(python, "-m", "pip", "--version"):
        give_pip(python, folder)
    return python


def give_pip(python: Path, folder: Path) -> None:
    """Put pip into an environment by whichever way this machine allows."""
    if works(python, "-c", "import ensurepip") and works(python, "-m", "ensurepip", "--upgrade"):
        return
    if works(sys.executable, "-m", "pip", "--python", python, "install", "-q", "pip"):
        return
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        say("this Python has no pip; taking it from Debian's python3-pip-whl")
        wheel = pip_wheel_from_debian(folder / "pip-whl")
        run(python, wheel / "pip", "install", "-q", "--no-index", wheel)
        return
    raise SetupError("no pip and no way to get one; install it as root: apt-get install python3-venv")


def pip_wheel_from_debian(folder: Path) -> Path:
    """Fetch and unpack python3-pip-whl without privileges; returns the pip wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "download", "python3-pip-whl"]
    try:
        run(*download, cwd=folder)
    except SetupError:  # no package lists on this machine yet: keep our own beside the environment
        lists, cache = folder / "lists", folder / "cache"
        for place in (lists / "partial", cache / "archives" / "partial"):
            place.mkdir(parents=True, exist_ok=True)
        own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}", "-o", "APT::Sandbox::User="]
        run("apt-get", *own, "update", "-q")
        run("apt-get", *own, "download", "python3-pip-whl", cwd=folder)
    package = next(folder.glob("python3-pip-whl_*.deb"))
    run("dpkg-deb", "-x", package, folder / "root")
    return next((folder / "root" / "usr" / "share" / "python-wheels").glob("pip-*.whl"))


def resolve_packages(python: Path) -> None:
    """What pyproject's ranges give today: the way to a new lock, never what a user installs."""
    run(python, "-m", "pip", "install", "-q", "-U", "setuptools>=77")
    run(python, "-m", "pip", "install", "-q", "--no-build-isolation", "-e", f"{ROOT}[kiosk,fleet,dev]")


def install_packages(python: Path) -> None:
    """The locked versions, then this project itself, editable."""
    say("installing the locked packages (a first time downloads about 120 MB)")
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-input",
    ]
    run(*pip, "--prefer-binary", "-r", LOCK)
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ROOT)


def install_oracles(python: Path) -> None:
    """The libraries payment codes and card readers are compared with, on a machine that tests; without them those tests are skipped."""
    if os.environ.get("CI", "").lower() not in ("1", "true") or not shutil.which("npm"):
        return
    try:
        run(python, ROOT / "tests" / "oracles" / "install.py")
    except SetupError as error:
        say(f"{error} (payment codes are compared with recorded answers only, readers with none)")


def install_libnfc() -> None:
    """Debian's libnfc, which the simulated NFC chip is tried with, on a machine that tests; those tests are skipped without it."""
    prefix = privileged()
    if os.environ.get("CI", "").lower() not in ("1", "true") or shutil.which("nfc-list") or prefix is None:
        return
    if shutil.which("apt-get"):
        say("installing libnfc-bin, which the simulated card reader is tried with")
        try:
            apt_install(prefix, ["libnfc-bin"])
        except SetupError as error:
            say(str(error))


def install_postgres() -> None:
    """Debian's PostgreSQL, which the fleet's store is tried on, on a machine that tests; those tests are skipped without it.

    The tests run servers of their own: the one the package would make and start is not wanted, and where somebody has
    one already nothing is installed or changed.
    """
    if any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return
    prefix = privileged()
    if prefix is not None and shutil.which("apt-get"):
        say("installing postgresql, for the tests of the fleet's store")
        ours = Path("/etc/postgresql-common/createcluster.d/endcap-tests.conf")
        try:
            run(*prefix, "mkdir", "-p", ours.parent)
            run(*prefix, "sh", "-c", f"echo create_main_cluster = false > {ours}")
            apt_install(prefix, ["postgresql"])
            run(*prefix, "rm", ours)
        except SetupError as error:
            say(str(error))
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        say("without PostgreSQL the store is tested on SQLite alone; as root: apt-get install postgresql")


def install_faketime() -> None:
    """Debian's faketime, which steps the clock under a running kiosk in tests; they are skipped without it."""
    if any(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        return
    prefix = privileged()
    if prefix is not None and shutil.which("apt-get"):
        say("installing faketime, for tests of clocks that step")
        try:
            apt_install(prefix, ["faketime"])
        except SetupError as error:
            say(str(error))


def install_faults() -> None:
    """What `tests/faults` breaks and looks through: mosquitto and strace; what lacks one of them is skipped.

    Debian's package starts mosquitto where a service manager runs, which nobody asked for: there it is left to people.
    """
    sought = f"{os.environ.get('PATH', '')}:/usr/sbin"
    lacking = [name for name in ("mosquitto", "strace") if not shutil.which(name, path=sought)]
    if Path("/run/systemd/system").exists() and "mosquitto" in lacking:
        lacking.remove("mosquitto")
        say("without mosquitto some tests are skipped; as root: apt-get install mosquitto")
    prefix = privileged()
    if lacking and prefix is not None and shutil.which("apt-get"):
        say(f"installing {' and '.join(lacking)}, for the tests of faults")
        try:
            apt_install(prefix, lacking)
        except SetupError as error:
            say(str(error))


def state_of_lock() -> str:
    """Names what an environment was made from; another lock or Python makes it anew."""
    text = (
        LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode() + str(ROOT).encode()
    )
    return hashlib.sha256(text).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Make the environment ready; 0 where it is, 1 with one line where it cannot be."""
    parser = argparse.ArgumentParser(description="Make .venv ready.")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--gl", choices=("required", "wanted"), default="wanted")
    parser.add_argument(
        "--from-pyproject", action="store_true", help="resolve anew instead of using the lock"
    )
    parser.add_argument(
        "--browser", action="store_true", help="chromium too, for tests and pictures of pages, and PostgreSQL"
    )
    options = parser.parse_args(arguments)
    if sys.version_info < OLDEST:
        print(
            f"setup: Endcap needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}"
        )
        return 1
    stamp = options.venv / "made-from"
    try:
        install_libraries(required=options.gl == "required")
        if options.browser:
            install_browser()
            install_libnfc()
            install_postgres()
            install_faults()
            install_faketime()
        if options.from_pyproject:
            resolve_packages(make_environment(options.venv))
            return 0
        if stamp.exists() and stamp.read_text() == state_of_lock():
            install_oracles(options.venv / "bin" / "python")
            return 0
        install_packages(make_environment(options.venv))
        install_oracles(options.venv / "bin" / "python")
        with tempfile.NamedTemporaryFile("w", dir=options.venv, delete=False) as file:
            file.write(state_of_lock())
        Path(file.name).replace(stamp)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    say("ready")
    return 0


if __name__ == "__main__":
    sys.exit(main())
