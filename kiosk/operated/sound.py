"""Alerts made audible: an attention tone of our own and, where a voice is installed, the headline in each language.

The tone is two notes in turn, rising, three times: no siren, and none of the signals that law keeps for broadcasters
(the 853 and 960 Hz of the American EAS) or for evacuation by a building's own alarm (ISO 8201's three pulses).
Played by `aplay` of ALSA, spoken by `espeak-ng`, both of Debian; or by what the configuration names.
"""

from __future__ import annotations

import array
import contextlib
import logging
import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from content.alerts import Alert
from kiosk.operated.alerts import Sounded

log = logging.getLogger(__name__)

RATE: Final = 22_050  # samples a second
NOTES: Final = ((587, 0.35), (784, 0.45))  # Hz, seconds
TIMES: Final = 3
REST_S: Final = 0.12
LONGEST_S: Final = 60.0  # of one playing: a player that hangs is ended
VOICES: Final = {"zh": "cmn"}  # espeak-ng calls Mandarin by ISO 639-3
_CUT: Final = 400  # characters that are spoken


class SoundRules(Struct, frozen=True, kw_only=True):
    """How loud and how often. `player` reads a WAV file from its input; `voice` writes one, told the language and the text."""

    volume: int = 80  # percent of what the card gives; 0: muted
    pause_s: float = 15.0  # between two times
    player: tuple[str, ...] = ("aplay", "-q", "-")
    voice: tuple[str, ...] = ("espeak-ng", "--stdout", "-v")


class Speaker:
    """Sounds one alert at a time, in a thread of its own while there is one."""

    def __init__(self, rules: SoundRules, post: Callable[[Sounded], None]) -> None:
        self._rules, self._post = rules, post
        self._guard = threading.Lock()
        self._quiet: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def sound(self, alert: Alert | None) -> None:
        """See alerts.Loudspeaker."""
        with self._guard:
            before, self._thread = self._thread, None
            if self._quiet is not None:
                self._quiet.set()
                self._quiet = None
            if alert is None:
                return
            self._quiet = threading.Event()
            self._thread = threading.Thread(
                target=self._repeat, args=(alert, self._quiet, before), name=f"sound {alert.id}", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Silence; waits for the player to end."""
        with self._guard:
            thread, quiet = self._thread, self._quiet
            self._thread = self._quiet = None
        if quiet is not None:
            quiet.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(2.0)

    # --- the thread -------------------------------------------------------------------------------------------

    def _repeat(self, alert: Alert, quiet: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join(2.0)  # the card is one player's at a time
        told: Sounded | None = None
        while not quiet.is_set():
            said = self._once(alert, quiet)
            if quiet.is_set():
                return
            if said != told:
                told = said
                self._post(said)
            if said.why in ("muted", "no-speaker"):
                return
            quiet.wait(self._rules.pause_s)

    def _once(self, alert: Alert, quiet: threading.Event) -> Sounded:
        rules = self._rules
        if not rules.volume:
            return Sounded(alert.id, "muted")
        if shutil.which(rules.player[0]) is None:
            return Sounded(alert.id, "no-speaker", f"{rules.player[0]} is not installed")
        why = self._play(tone(rules.volume), quiet)
        if not why and shutil.which(rules.voice[0]) is not None:
            for language, words in alert.words.items():
                spoken = self._spoken(language, f"{words.headline}. {words.instruction}"[:_CUT])
                if spoken and not quiet.is_set():
                    self._play(quieter(spoken, rules.volume), quiet)
        return Sounded(alert.id, "failed" if why else "", why)

    def _spoken(self, language: str, text: str) -> bytes:
        base = language.partition("-")[0]
        command = [*self._rules.voice, VOICES.get(base, base), "--", text]
        try:
            done = subprocess.run(command, capture_output=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("an alert could not be spoken: %s", error)
            return b""
        return done.stdout if done.returncode == 0 else b""

    def _play(self, wav: bytes, quiet: threading.Event) -> str:
        """Why it could not; "" where it could, or was cut short."""
        try:
            player = subprocess.Popen(
                self._rules.player, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as error:
            return str(error)
        feeding = threading.Thread(target=_feed, args=(player, wav), name="sound feed", daemon=True)
        feeding.start()
        waited = 0.0
        while player.poll() is None and not quiet.is_set() and waited < LONGEST_S:
            waited += 0.05
            quiet.wait(0.05)
        ended = player.poll()
        if ended is None:
            player.kill()
        player.wait()
        feeding.join()
        assert player.stderr is not None, "it is a pipe"
        said = player.stderr.read(400).decode(errors="replace").strip()
        player.stderr.close()
        if ended is None:
            return "" if quiet.is_set() else "the player did not end"
        return said.splitlines()[0] if ended and said else f"the player ended with {ended}" if ended else ""


def _feed(player: subprocess.Popen[bytes], wav: bytes) -> None:
    assert player.stdin is not None, "it is a pipe"
    try:
        player.stdin.write(wav)
        player.stdin.close()
    except OSError:  # it has ended; how is asked of itself
        with contextlib.suppress(OSError):
            player.stdin.close()


# --- what is heard --------------------------------------------------------------------------------------------


def tone(volume: int) -> bytes:
    """The attention tone as a WAV file (mono, 16 bits), at `volume` percent."""
    samples = array.array("h")
    for _ in range(TIMES):
        for pitch, seconds in NOTES:
            count = round(RATE * seconds)
            for n in range(count):
                edge = min(1.0, n / 400, (count - n) / 1600)  # no clicks
                wave = math.sin(2 * math.pi * pitch * n / RATE) + 0.3 * math.sin(
                    4 * math.pi * pitch * n / RATE
                )
                samples.append(round(32_767 / 1.3 * edge * wave * volume / 100))
        samples.extend([0] * round(RATE * REST_S))
    return wav_of(samples)


def quieter(wav: bytes, volume: int) -> bytes:
    """A WAV file of 16-bit samples at `volume` percent; one that is none comes back as it is."""
    at = wav.find(b"data")
    if not wav.startswith(b"RIFF") or at < 0:
        return wav
    body = wav[at + 8 :]
    samples = array.array("h", body[: len(body) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    louder = array.array("h", (sample * volume // 100 for sample in samples))
    if sys.byteorder == "big":
        louder.byteswap()
    return wav[: at + 8] + louder.tobytes()


def wav_of(samples: array.array[int]) -> bytes:
    """Samples in a RIFF WAVE file (Microsoft/IBM, Multimedia Programming Interface 1.0), 44 bytes of header."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    data = samples.tobytes()
    numbers = (16, 4), (1, 2), (1, 2), (RATE, 4), (RATE * 2, 4), (2, 2), (16, 2)
    form = b"".join(number.to_bytes(size, "little") for number, size in numbers)
    head = b"WAVEfmt " + form + b"data" + len(data).to_bytes(4, "little")
    return b"RIFF" + (len(head) + len(data)).to_bytes(4, "little") + head + data
