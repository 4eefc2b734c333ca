"""What a technician is led through to know that a peripheral works: a script per kind of device, without any I/O.

A script is a generator: it yields what shall be shown, done or waited for, and is sent what came of it (for a Wait an event
as in devices.technician.plain, {"answer": yes | no | stopped}, or None where nothing came in time). It returns a Verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devices.protocol import escpos

PATIENCE_S = 60.0  # for a person to do what is asked
PHONE_S = 30.0  # for a phone, which may well not be one that can
MOST_WRONG = 5  # reads of something else
JOB = "device-test"


@dataclass(frozen=True, slots=True)
class Show:
    """Tell the person: `step` as in the glass's words, `text` for the terminal, `code` to be scanned, `asks` for yes or no."""

    step: str
    text: str
    code: str = ""
    asks: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """Have the device do something; sent back is whether it can. `fields` as in devices.technician.service."""

    what: str  # arm | offer | trigger | print
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for the next thing that happens."""

    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it went: passed | failed | stopped, with what was found, and what to do about it."""

    outcome: str
    found: str = ""
    remedy: str = ""


Heard = Mapping[str, Any] | None
Script = Generator[Show | Command | Wait, Any, Verdict]
STOPPED = Verdict("stopped")


def script_for(kind: str, *, code: str, uri: str, heading: str, plug: bool) -> tuple[Script, int]:
    """The script for a kind of device and how many steps it has. `plug`: it is also unplugged and found again."""
    more = 3 if plug and kind == "scanner" else 2 if plug else 0
    match kind:
        case "scanner":
            return scanner(code, plug=plug), 1 + more
        case "reader":
            return reader(uri, plug=plug), 3 + more
        case "printer":
            return printer(heading, plug=plug), 1 + more
    raise ValueError(f"there is no test for a {kind or 'device of unknown kind'}")


def scanner(code: str, *, plug: bool = False) -> Script:
    """Scan the code that is shown; what is read must be that code and nothing besides."""
    verdict = yield from _scan(code)
    if verdict is None and plug:
        verdict = (yield from _replug()) or (yield from _scan(code))
    return verdict or Verdict("passed", f"reads {code} as it stands")


def _scan(code: str) -> Generator[Show | Command | Wait, Any, Verdict | None]:
    triggered = yield Command("trigger", {"on": True})
    said = "Scan this code" + ("" if triggered else " (its own trigger starts it)") + "."
    detail, verdict = "", None
    for _ in range(MOST_WRONG):
        yield Show("scan", said, code, detail=detail)
        heard = yield from _next("Scan")
        if isinstance(heard, Verdict):
            verdict = heard
            break
        if heard is None:
            verdict = Verdict(
                "failed", detail or f"nothing was read in {PATIENCE_S:.0f} s",
                "Look whether it lights up. A hand-held one may wait for its trigger, a fixed one for presentation mode.",
            )  # fmt: skip
            break
        if heard["text"] == code:
            break
        detail = difference(code, heard["text"])
    else:
        verdict = Verdict("failed", detail, "Scan the maker's set-up codes as docs/technician.md says.")
    yield Command("trigger", {"on": False})
    return verdict


def difference(wanted: str, read: str) -> str:
    """What a scanner makes of a code, said for whoever sets it up."""
    if wanted in read:
        before, after = read.split(wanted, 1)
        added = " and ".join(
            f"{part!r} {where}" for part, where in ((before, "before it"), (after, "after it")) if part
        )
        return f"reads the code with {added}: a prefix or suffix is set"
    if read.swapcase() == wanted:
        return "reads the code with upper and lower case exchanged: caps lock, or its case setting"
    if read and read in wanted:
        return f"reads {read!r}, a part of the code: its characters get lost on the line"
    if len(read) == len(wanted):
        return f"reads {read!r}: the keyboard layout or the character set is another one"
    return f"reads {read[:60]!r}, which is another code"


def reader(uri: str, *, plug: bool = False) -> Script:
    """Hold a card to it, take it away, hold it again; then a phone, which may fail without the reader failing."""
    if not (yield Command("arm", {"on": True})):
        return Verdict(
            "failed", "it cannot look for cards", "Check that the configured model is a card reader."
        )
    yield Show("card", "Hold any contactless card to the reader. Nothing is paid.")
    first = yield from _next("CardSeen")
    if isinstance(first, Verdict):
        return first
    if first is None:
        return Verdict("failed", f"no card was seen in {PATIENCE_S:.0f} s",
                       "Hold it flat and still. Metal close behind the reader swallows its field.")  # fmt: skip
    yield Show("away", "Take the card away, then hold the same card again.")
    again = yield from _next("CardSeen")
    if isinstance(again, Verdict):
        return again
    if again is None:
        return Verdict("failed", "the card was not seen a second time", "Take it a hand's width away first.")
    found = "sees a card twice" + ("" if first["token"] == again["token"] else ", two different ones")
    yield Command("arm", {"on": False})
    if plug and (verdict := (yield from _replug())) is not None:
        return verdict
    note = yield from _phone(uri)
    return note if isinstance(note, Verdict) else Verdict("passed", found + note)


def _phone(uri: str) -> Generator[Show | Command | Wait, Any, Verdict | str]:
    if not (yield Command("offer", {"uri": uri})):
        return "; this model gives no address to phones"
    yield Show("phone", "Hold an unlocked phone with NFC to the reader: does a page open? (y/n)", asks=True)
    heard = yield from _next("Tapped", PHONE_S, answers=True)
    yield Command("offer", {"uri": ""})
    if isinstance(heard, Verdict):
        return heard
    if heard is None or heard.get("answer") == "no":
        return "; no phone read the address (some phones cannot)"
    complete = heard.get("answer") == "yes" or heard.get("complete")
    return "; a phone read the whole address" if complete else "; a phone came and left before the end"


def printer(heading: str, *, plug: bool = False) -> Script:
    """Print a receipt, and have it looked at."""
    if plug and (verdict := (yield from _replug())) is not None:
        return verdict
    if not (yield Command("print", {"job": JOB, "pieces": [piece.hex() for piece in receipt(heading)]})):
        return Verdict("failed", "it takes no job", "Look at `endcap devices`: it must be ready.")
    yield Show("wait", "The receipt is being printed.")
    while True:
        heard = yield from _next("Printed", also=("NotPrinted", "PrinterStatus"))
        if isinstance(heard, Verdict):
            return heard
        if heard is None:
            return Verdict("failed", f"nothing is known of the receipt after {PATIENCE_S:.0f} s",
                           "Switch it off and on, and look at its cable.")  # fmt: skip
        if heard["event"] == "PrinterStatus":
            yield Show("wait", f"The printer says: {heard['status']}.", detail=str(heard["status"]))
        elif heard["event"] == "NotPrinted":
            return Verdict("failed", f"not printed: {heard['reason']}", REMEDIES.get(heard["reason"], ""))
        else:
            break
    yield Show("receipt", "Tear off the receipt: is it whole, clear and cut? (y/n)", asks=True)
    heard = yield from _next("", answers=True)
    if isinstance(heard, Verdict):
        return heard
    if heard is None:
        return Verdict(
            "failed",
            "nobody said how the receipt looks",
            "Run the test again and answer on the glass or here.",
        )
    if heard["answer"] == "no":
        return Verdict("failed", "the receipt is not as it should be",
                       "Clean the head with alcohol, look at the paper's side and width, and at the cutter.")  # fmt: skip
    return Verdict("passed", "prints, cuts and says so")


REMEDIES = {
    "no-paper": "Put in a roll: the thin end comes out from below, the coated side against the head.",
    "cover-open": "Close the cover until it clicks on both sides.",
    "cutter-error": "Open the cover, take out what is jammed, and switch it off and on.",
    "offline": "Look at its lamp, its cable and its power supply.",
}


def receipt(heading: str) -> Sequence[bytes]:
    """The receipt of a test: letters, a grey ramp of lines that shows dead dots, and a cut."""
    ramp = b"".join(bytes([0xAA if row % 2 else 0x55]) * 48 for row in range(24))
    return [
        escpos.INIT
        + escpos.CODE_PAGE_858
        + escpos.CENTRE
        + escpos.DOUBLE
        + escpos.text("ENDCAP")
        + escpos.SINGLE,
        escpos.text(heading) + escpos.text("Test - Prüfung - Prueba - Contrôle €"),
        *escpos.raster(384, ramp),
        escpos.LEFT + escpos.text("0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        escpos.FEED_AND_CUT,
    ]


def _replug() -> Generator[Show | Command | Wait, Any, Verdict | None]:
    yield Show("unplug", "Pull the plug of this device.")
    gone: Callable[[str], bool] = lambda state: state in ("lost", "absent")  # noqa: E731
    verdict = yield from _until(gone, "it was not seen to go", "Is it the right plug?")
    if verdict is not None:
        return verdict
    yield Show("plug", "Plug it in again; it is found by itself.")
    return (yield from _until(lambda state: state == "ready", "it was not found again",
                              "Try another cable and another socket."))  # fmt: skip


def _until(
    there: Callable[[str], bool], found: str, remedy: str
) -> Generator[Show | Command | Wait, Any, Verdict | None]:
    while True:
        heard: Heard = yield Wait()
        if heard is None:
            return Verdict("failed", found, remedy)
        if heard.get("answer") == "stopped":
            return STOPPED
        if heard.get("event") == "DeviceState" and there(str(heard["state"])):
            return None


def _next(
    event: str, patience_s: float = PATIENCE_S, *, also: Sequence[str] = (), answers: bool = False
) -> Generator[Wait, Any, Mapping[str, Any] | Verdict | None]:
    """The next event of a name, or answer; a Verdict where the test is over, None where nothing came."""
    while True:
        heard: Heard = yield Wait(patience_s)
        if heard is None:
            return None
        if heard.get("answer") == "stopped":
            return STOPPED
        if "answer" in heard:
            if answers:
                return heard
        elif heard["event"] in (event, *also):
            return heard
        elif heard["event"] == "DeviceState" and heard["state"] in ("lost", "failed", "absent"):
            return Verdict(
                "failed", f"{heard['state']}: {heard['detail'] or 'it has gone'}", str(heard["remedy"])
            )
