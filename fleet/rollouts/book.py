"""Roll-outs as they are kept: made, decided on, carried further. Every method is one transaction, or a few that each leave
everything whole: what is wanted of a kiosk and that its roll-out wants it are written together or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection

from content.references import CROCKFORD
from fleet.clock import Clock
from fleet.live import Hub
from fleet.operating.desired import Desires
from fleet.operating.releases import target_of
from fleet.rollouts import rows
from fleet.rollouts.deeds import act
from fleet.rollouts.model import BadRollout, Known, Member, Ring, Rollout, Step, check, said_by
from fleet.rollouts.plan import AT_ONCE, Decisions, begun, freeze, judge, may_begin
from fleet.rollouts.score import Score, score
from fleet.store.store import Store
from mqtt.commands import Desired
from mqtt.topics import Address

LATEST: Final = 50
# the groups of a kiosk with its tags, as the operator's content has them
Groups = Callable[[str, frozenset[str]], frozenset[str]]
Told = list[tuple[str, Desired]]


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person asks for; the rest of a Rollout follows."""

    kind: str
    target: str
    rings: tuple[Ring, ...]
    needs_approval: bool = True
    not_before_ms: int = 0
    window: tuple[int, int] | None = None
    timezone: str = "UTC"
    activates_ms: int = 0


class Detail(Struct, frozen=True, kw_only=True):
    """A roll-out with all there is to it."""

    rollout: Rollout
    members: list[Member]
    steps: list[Step]

    def scores(self) -> list[Score]:
        """Of each ring."""
        return [
            score(self.rollout, (one for one in self.members if one.ring == number))
            for number in range(len(self.rollout.rings))
        ]


def new_id() -> str:
    """A roll-out's name: short enough to be typed, by chance."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(8))


def nobody(_kiosk: str, _tags: frozenset[str]) -> frozenset[str]:
    """No content says anything of groups."""
    return frozenset()


class RolloutBook:
    """The rows, and what is wanted of kiosks with them. From any thread, in any process."""

    def __init__(
        self, store: Store, desires: Desires, live: Hub, clock: Clock, groups: Groups = nobody,
        ids: Callable[[], str] = new_id,
    ) -> None:  # fmt: skip
        self._store, self._desires, self._live, self._clock = store, desires, live, clock
        self._groups, self._ids = groups, ids

    # --- for people -------------------------------------------------------------------------------------------

    def make(self, wish: Wish, who: str, why: str) -> Rollout:
        """A draft. Raises BadRollout, also where a ring would be empty today."""
        who, why = said_by(who, why)
        try:
            made = msgspec.convert(
                {
                    **msgspec.to_builtins(wish), "id": self._ids(), "made_by": who,
                    "why": why, "made_ms": self._clock(), "changed_ms": self._clock(),
                },
                Rollout,
            )  # fmt: skip
        except msgspec.ValidationError as error:
            raise BadRollout(str(error)) from None
        check(made)
        self.preview(made)  # content may have to be read for its groups: not while payments wait
        with self._store.write() as connection:
            rows.write(self._store, connection, made, [Step(at_ms=made.made_ms, what="make", who=who, why=why, state="draft")])  # fmt: skip
        self._tell(made)
        return made

    def act(self, rollout: str, deed: str, who: str, why: str) -> Rollout:
        """A person's decision. Raises BadRollout."""
        with self._store.write() as connection:
            found = self._find(connection, rollout, hold=True)
            members = rows.members(connection, found.id) if deed == "resume" else []
            after, step = act(found, members, deed, who, why, self._clock())
            rows.write(self._store, connection, after, [step])
        self._tell(after)
        return after

    def newest(self, most: int = LATEST) -> list[tuple[Rollout, list[dict[str, int]]]]:
        """The latest first, each with the kiosks of its rings by verdict."""
        with self._store.read() as connection:
            found = rows.newest(connection, most)
            tallies = rows.tally(connection, [one.id for one in found])
        return [
            (one, [tallies.get(one.id, {}).get(number, {}) for number in range(len(one.rings))])
            for one in found
        ]

    def states(self) -> dict[str, int]:
        """How many roll-outs are how."""
        with self._store.read() as connection:
            return rows.states(connection)

    def detail(self, rollout: str) -> Detail:
        """All there is to one. Raises BadRollout."""
        with self._store.read() as connection:
            return self._detail(connection, self._find(connection, rollout))

    def preview(self, rollout: Rollout) -> list[Member]:
        """Who would be in which ring today. Raises BadRollout."""
        with self._store.read() as connection:
            return list(freeze(rollout, self._known(connection, rollout)))

    # --- for the worker ---------------------------------------------------------------------------------------

    def alive(self) -> list[str]:
        """Roll-outs there is something to do for."""
        with self._store.read() as connection:
            return rows.alive(connection)

    def carry_on(self, rollout: str) -> bool:
        """Judge it once and do what follows; whether there is more to do at once.

        Looked at first without the lock of writers, and anew with it where anything follows: what is decided is decided on
        what is there when it is written, whoever else is at it.
        """
        with self._store.read() as connection:
            found = self._find(connection, rollout)
            begins = may_begin(found, self._clock())
            known = self._asked(connection, found) if begins else []
            if not begins and not self._follows(self._judge(connection, found), found):
                return False
        with self._store.write() as connection:
            found = self._find(connection, rollout, hold=True)
            if begins and may_begin(found, self._clock()):
                found = self._begin(connection, found, known)
            decided = self._judge(connection, found)
            told = self._write(connection, found, decided)
        for kiosk, desired in told:
            self._desires.tell(Address(*kiosk.split("/")), desired)
        if decided.members or decided.steps:
            self._tell(decided.rollout)
        return decided.more

    def say_again(self, rollout: str) -> int:
        """Tell those who were asked and have not taken it: we may have died between writing it and saying it."""
        with self._store.read() as connection:
            found = self._find(connection, rollout)
            facts = rows.facts(connection, found)
            deaf = [
                one.kiosk for one in rows.members(connection, found.id)
                if one.assigned_ms and one.verdict in ("", "silent") and facts[one.kiosk].version < one.version
            ]  # fmt: skip
        for kiosk in deaf:
            newest = self._desires.latest(kiosk)
            if newest is not None:
                self._desires.tell(Address(*kiosk.split("/")), newest)
        return len(deaf)

    # --- within a transaction ---------------------------------------------------------------------------------

    def _find(self, connection: Connection, rollout: str, *, hold: bool = False) -> Rollout:
        found = rows.read(connection, rollout[:16], hold=hold)
        if found is None:
            raise BadRollout(f"roll-out {rollout[:16]!r}: there is none")
        return found

    def _detail(self, connection: Connection, found: Rollout) -> Detail:
        return Detail(
            rollout=found, members=rows.members(connection, found.id), steps=rows.steps(connection, found.id)
        )

    def _known(self, connection: Connection, rollout: Rollout) -> list[Known]:
        found = rows.known(connection)
        if not any(ring.groups for ring in rollout.rings):
            return found
        return [structs.replace(one, groups=self._groups(one.kiosk, one.tags)) for one in found]

    def _judge(self, connection: Connection, found: Rollout) -> Decisions:
        members, facts = rows.members(connection, found.id), rows.facts(connection, found)
        return judge(found, members, facts, self._clock(), AT_ONCE)

    @staticmethod
    def _follows(decided: Decisions, found: Rollout) -> bool:
        return bool(decided.members or decided.steps or decided.rollout != found)

    def _asked(self, connection: Connection, rollout: Rollout) -> list[Known] | BadRollout:
        """Who there is, or why that cannot be told. Asked without the lock of writers: content may be read for its groups."""
        try:
            return self._known(connection, rollout)
        except BadRollout as error:
            return error

    def _begin(self, connection: Connection, found: Rollout, known: list[Known] | BadRollout) -> Rollout:
        """Settle who of the fleet is in it. Where that cannot be, it is stopped, and says why."""
        now_ms = self._clock()
        try:
            if isinstance(known, BadRollout):
                raise known
            members = freeze(found, known)
            busy = rows.elsewhere(connection, found)
            both = next((one.kiosk for one in members if one.kiosk in busy), None)
            if both is not None:
                raise BadRollout(f"{both} is in roll-out {busy[both]}, which has not ended")
        except BadRollout as error:
            back = structs.replace(found, state="draft", reason=str(error), approved_by="", changed_ms=now_ms)
            step = Step(at_ms=now_ms, what="refuse", who="", why=str(error), state="draft")
            rows.write(self._store, connection, back, [step])
            return back
        running, step = begun(found, now_ms)
        rows.enter(connection, found.id, members)
        rows.write(self._store, connection, running, [step])
        return running

    def _write(self, connection: Connection, found: Rollout, decided: Decisions) -> Told:
        changed = {one.kiosk: one for one in decided.members}
        told: Told = []
        now = decided.rollout
        for kiosk in decided.give:
            target = target_of(now.target, rollout=now.id)
            why = f"roll-out {now.id}: {now.why}"
            desired = self._desires.want(connection, kiosk, now.kind, target, now.made_by, why)
            changed[kiosk] = structs.replace(changed[kiosk], version=desired.version)
            told.append((kiosk, desired))
        for kiosk in decided.give_back:
            why = f"roll-out {now.id} is {now.state}: {now.reason}"
            target = target_of(changed[kiosk].previous)
            told.append((kiosk, self._desires.want(connection, kiosk, now.kind, target, now.made_by, why)))
        rows.change(connection, now.id, changed.values())
        if now != found or decided.steps:
            rows.write(self._store, connection, now, decided.steps)
        return told

    def _tell(self, rollout: Rollout) -> None:
        self._live.tell("rollout", {"id": rollout.id, "state": rollout.state})
