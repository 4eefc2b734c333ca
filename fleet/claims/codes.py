"""Answers what kiosks ask about codes: a claim code of eight characters, the code of a carried basket of six.

Wrong codes are what costs: a kiosk has WRONG of them, and a new one every few seconds. A right code costs nothing, so
people who have one are never kept waiting by their own typing of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from fleet.claims.claims import PAYING, READY, Claim, Claims
from fleet.clock import Clock
from fleet.limits import Limits, Rule
from fleet.shop.baskets import Baskets
from mqtt.messages import CodeState, CodeWanted
from mqtt.topics import Address

WRONG: Final = Rule(burst=8, per_minute=6)  # at one kiosk: 8,640 guesses a day at 2**40 codes


@dataclass(slots=True)
class Counters:
    """What has been asked. No code is kept anywhere."""

    claims: int = 0
    baskets: int = 0
    wrong: int = 0
    held_back: int = 0


class Codes:
    """Answers `CodeWanted`. Called from several threads, in order per kiosk."""

    def __init__(self, claims: Claims, baskets: Baskets, clock: Clock, rule: Rule = WRONG) -> None:
        self._claims, self._baskets, self._clock = claims, baskets, clock
        self._limits = Limits(rule)
        self.counters = Counters()

    def counts(self) -> dict[str, int]:
        """The counters by name."""
        return asdict(self.counters)

    def answer(self, address: Address, wanted: CodeWanted) -> CodeState:
        """What the code stands for. May take as long as a provider does."""
        key = str(address)
        if wait_ms := self._limits.take(key, self._clock()):
            self.counters.held_back += 1
            return _unknown(wanted, "wait", wait_s=-(-wait_ms // 1000))
        found = self._known(wanted)
        if found is None:
            self.counters.wrong += 1
            return _unknown(wanted, "")
        self._limits.give_back(key, self._clock())
        return found

    def _known(self, wanted: CodeWanted) -> CodeState | None:
        claim = self._claims.look(wanted.code)
        if claim is not None:
            self.counters.claims += 1
            return told(claim, wanted.id)
        basket = self._baskets.by_code(wanted.code)
        if basket is None:
            return None
        self.counters.baskets += 1
        return CodeState(id=wanted.id, code=basket.code, kind="basket", basket=basket.lines)


def told(claim: Claim, request_id: str) -> CodeState:
    """A claim as a kiosk hears of it: what was bought only where somebody still waits for it."""
    return CodeState(
        id=request_id, code=claim.code, kind="claim", state=claim.state, reference=claim.reference, method=claim.method,
        lines=claim.lines if claim.state in (READY, PAYING) else (), total_minor=claim.total.minor,
        currency=claim.total.currency, since_ms=claim.since_ms,
    )  # fmt: skip


def _unknown(wanted: CodeWanted, state: str, wait_s: int = 0) -> CodeState:
    return CodeState(id=wanted.id, code=wanted.code[:16], kind="unknown", state=state, wait_s=wait_s)
