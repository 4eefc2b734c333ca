"""Every kiosk in one row: what it last said, what is wrong with it, what is missing of it; counted, filtered, sorted, paged.

Two statements for a page, whatever the number of kiosks: one counts, one brings the rows of the page. What is wrong is
decided in the database, by the conditions of `_bits`, so that the worst come first.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from fleet import tables
from fleet.reports import drift
from mqtt.commands import ENDS, Reported

PAGE: Final = 50
MOST_PAGE: Final = 500
MOST_TEXT: Final = 98
SILENT_MS: Final = 600_000  # connected by its own word, and not heard: ten times what health takes by default
BEHIND_MS: Final = 120_000  # how old the first event of a backlog may be
OFF_MS: Final = 60_000  # how far a clock may be off
LATE_MS: Final = 600_000  # as fleet.events.gaps: before, it may just be out of order

# What may be wrong, the worst first; its place in this tuple is its bit, and the worst has the highest.
TROUBLES: Final = ("suspect", "lost", "faults", "missing", "drift", "behind", "clock", "never")
STATES: Final = ("", "selling", "closed", "commands", "pinned", "trouble", *TROUBLES)
SORTS: Final = ("trouble", "kiosk", "state", "version", "sale", "backlog", "clock", "heard")
MOST_FIRST: Final = frozenset({"trouble", "backlog", "sale", "clock"})
_DOWN: Final = frozenset({"lost", "silent"})


class BadAsk(ValueError):
    """A filter or an order that is none; says what was expected."""


class Ask(Struct, frozen=True, kw_only=True):
    """Which kiosks, in which order. `site`: "tenant/site" or "tenant"; `text`: in an address or a version."""

    site: str = ""
    state: str = ""
    text: str = ""
    sort: str = "trouble"
    down: bool = False  # the other way round
    page: int = 1
    size: int = PAGE

    def check(self) -> None:
        """Raises BadAsk."""
        if self.state not in STATES:
            raise BadAsk(f"state {self.state[:20]!r}: expected one of {', '.join(STATES[1:])}")
        if self.sort not in SORTS:
            raise BadAsk(f"sort {self.sort[:20]!r}: expected one of {', '.join(SORTS)}")
        if not (1 <= self.page <= 1_000_000 and 1 <= self.size <= MOST_PAGE):
            raise BadAsk(f"page from 1 and size from 1 to {MOST_PAGE} expected")


class Row(Struct, frozen=True, kw_only=True):
    """A kiosk. Times are the fleet's clock, 0 for never, but `health_ms` and `oldest_ms` the kiosk's own.

    `presence`: selling (connected) | silent (connected, not heard for SILENT_MS) | lost | closed | unknown (events came, no
    word of its own) | never (let in, and not heard yet). `trouble`: of TROUBLES, the worst first. `waits_ms`: how old the
    first event of its backlog was when it last said so.
    """

    kiosk: str
    presence: str
    state: str
    trouble: tuple[str, ...]
    since_ms: int
    seen_ms: int
    version: str
    release: str
    view: str
    sale_ms: int
    backlog: int
    waits_ms: int
    oldest_ms: int
    acked_ms: int
    health_ms: int
    clock: str
    clock_off_ms: int
    devices: dict[str, str]
    faults: tuple[
        str, ...
    ]  # devices that are lost or failed, and what the kiosk could not take of its desired state
    out_of_service: bool
    missing: int  # events that are not here though later ones are
    folded: int  # events it keeps as sums only
    lost: int  # notes that never got a number
    suspicion: str  # "" | suspected | moved
    commands: int  # under way
    # the release of content it runs and the one it is to run, as fleet.reports.drift finds them; "": none is named
    runs: str
    confirmed: bool
    wants: str
    phase: str
    reason: str
    runs_since_ms: int
    drift_ms: int  # since when it drifts, in content or software; 0: it does not
    pinned_by: str
    pinned_why: str

    @property
    def site(self) -> str:
        """Tenant and site."""
        return self.kiosk.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.kiosk.rpartition("/")[2]


class Counts(Struct, frozen=True, kw_only=True):
    """The whole fleet in figures; `matching`: as many as the filter leaves."""

    kiosks: int
    matching: int
    selling: int
    closed: int
    lost: int  # or silent
    never: int
    behind: int
    faults: int
    missing: int
    suspect: int
    clock: int
    drift: int
    commands: int
    pinned: int
    trouble: int
    backlog: int  # events
    missing_events: int


def counts(
    connection: Connection, now_ms: int, ask: Ask | None = None, drift_ms: int = drift.DRIFT_MS
) -> Counts:
    """The summary line. Kiosks that are in the same state are counted by the database, states are added up here."""
    base = _base(now_ms, drift_ms)
    row = base.c
    wanted = _wanted(base, ask) if ask is not None else []
    alike = (
        row.trouble, row.presence, _one(row.commands > 0).label("busy"), _one(row.pinned_by != "").label("pinned"),
    )  # fmt: skip
    matching = (_one(*wanted) if wanted else literal(1)).label("matches")
    asked = select(
        *alike, func.count().label("kiosks"), func.sum(matching), func.sum(row.backlog), func.sum(row.missing)
    ).group_by(*alike)  # fmt: skip
    found = dict.fromkeys(Counts.__struct_fields__, 0)
    for trouble, presence, busy, pinned, kiosks, matches, backlog, missing in connection.execute(asked):
        said = [name for name in TROUBLES if trouble & _bit(name)]
        said += [name for name in ("selling", "closed") if presence == name]
        said += ["trouble"] * bool(trouble) + ["commands"] * busy + ["pinned"] * pinned + ["kiosks"]
        for name in said:
            found[name] += kiosks
        found["matching"] += int(matches)
        found["backlog"] += int(backlog)
        found["missing_events"] += int(missing)
    return Counts(**found)


def page(connection: Connection, now_ms: int, ask: Ask, drift_ms: int = drift.DRIFT_MS) -> list[Row]:
    """The kiosks of a page. Raises BadAsk."""
    ask.check()
    base = _base(now_ms, drift_ms)
    by_sale = ask.sort == "sale"
    first: Any = _last_sale(base) if by_sale else _order(base)[ask.sort]
    down = (ask.sort in MOST_FIRST) != ask.down

    def ordered(asked: Select[Any], of: FromClause, by: Any) -> Select[Any]:
        return asked.order_by(by.desc() if down else by.asc(), of.c.kiosk)

    chosen = ordered(select(base, first.label("place")).where(*_wanted(base, ask)), base, first)
    some = chosen.limit(ask.size).offset((ask.page - 1) * ask.size).subquery()
    sale = some.c.place if by_sale else _last_sale(some)
    asked = ordered(select(some, sale.label("sale_ms")), some, some.c.place)
    return [_row(each._mapping) for each in connection.execute(asked)]


def one(connection: Connection, now_ms: int, kiosk: str, drift_ms: int = drift.DRIFT_MS) -> Row | None:
    """A kiosk by its address; None where nobody knows it."""
    base = _base(now_ms, drift_ms)
    asked = select(base, _last_sale(base).label("sale_ms")).where(base.c.kiosk == kiosk)
    found = connection.execute(asked).one_or_none()
    return _row(found._mapping) if found is not None else None


def clocks(connection: Connection) -> dict[str, int]:
    """How many kiosks say so of their clock: unsynced, holdover, synced."""
    row = tables.kiosks.c
    asked = select(row.clock, func.count()).where(row.health_ms > 0).group_by(row.clock)
    return {clock: int(count) for clock, count in connection.execute(asked)}


# --- the rows, and what is wrong with them --------------------------------------------------------------------


def _one(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    both: Any = conditions[0]
    for condition in conditions[1:]:
        both = both & condition
    return case((both, 1), else_=0)


def _base(now_ms: int, drift_ms: int) -> FromClause:
    """Every kiosk there is, with all but its last sale."""
    heard, missing, folded, suspected, busy = _heard(), _missing(now_ms), _folded(), _suspected(), _busy()
    row, said = heard.c, tables.reported
    told = (
        select(
            heard, said.c.body.label("reported"), _zero(missing.c.missing).label("missing"),
            _zero(missing.c.late).label("late"), _zero(folded.c.folded).label("folded"), _zero(folded.c.lost).label("lost"),
            _zero(suspected.c.suspected).label("suspected"), _zero(busy.c.busy).label("commands"),
        )
        .outerjoin(said, said.c.kiosk == row.kiosk)
        .outerjoin(missing, missing.c.kiosk == row.kiosk)
        .outerjoin(folded, folded.c.kiosk == row.kiosk)
        .outerjoin(suspected, suspected.c.kiosk == row.kiosk)
        .outerjoin(busy, busy.c.kiosk == row.kiosk)
    )  # fmt: skip
    kept = drift.joined(told, heard, now_ms, drift_ms).subquery()
    live = kept.c.state.in_(("ready", "selling"))
    presence = case(
        (live & (kept.c.seen_ms < now_ms - SILENT_MS), "silent"), (live, "selling"), else_=kept.c.state
    )
    with_presence = select(kept, presence.label("presence")).subquery()
    bits = _bits(with_presence)
    worst: Any = sum((_one(bits[name]) * _bit(name) for name in TROUBLES), literal(0))
    return select(with_presence, worst.label("trouble")).subquery("fleet")


def _bits(kept: FromClause) -> dict[str, ColumnElement[bool]]:
    row = kept.c
    off = or_(row.clock_off_ms > OFF_MS, row.clock_off_ms < -OFF_MS)
    return {
        "suspect": row.suspected > 0,
        "lost": row.presence.in_(sorted(_DOWN)),
        "faults": or_(row.devices.like('%: "lost"%'), row.devices.like('%: "failed"%')),  # as json.dumps has it
        "missing": row.late > 0,
        "drift": row.drift_ms > 0,
        "behind": (row.backlog > 0) & (row.oldest_ms > 0) & (row.health_ms - row.oldest_ms > BEHIND_MS),
        "clock": (row.health_ms > 0) & or_(row.clock == "unsynced", off),
        "never": row.presence == "never",
    }  # fmt: skip


def _bit(trouble: str) -> int:
    return int(2 ** (len(TROUBLES) - 1 - TROUBLES.index(trouble)))


def _zero(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, 0)


_SAID: Final = (
    "seen_ms", "state", "since_ms", "version", "view", "health_ms", "devices", "backlog", "oldest_ms", "acked_ms", "clock",
    "clock_off_ms",
)  # fmt: skip
_TEXTS: Final = {"state": "never", "version": "", "view": "", "devices": "{}", "clock": ""}


def _heard() -> FromClause:
    """Kiosks that said something, and those that were let in and have not."""
    said, let_in = tables.kiosks.c, tables.certificates.c
    spoke = select(said.kiosk, *(said[name] for name in _SAID))
    quiet = select(let_in.kiosk, *(literal(_TEXTS.get(name, 0)) for name in _SAID)).where(
        let_in.revoked_ms == 0, ~select(said.kiosk).where(said.kiosk == let_in.kiosk).exists()
    )
    return union_all(spoke, quiet.distinct()).subquery()


def _missing(now_ms: int) -> FromClause:
    """Of kiosks with a stream that is not complete: how many events, and whether it is more than a matter of order."""
    stream, early = tables.streams.c, tables.ahead.c
    came = (
        select(early.kiosk, early.epoch, func.sum(early.last - early.first + 1).label("came"), func.min(early.since_ms).label("since"))
        .group_by(early.kiosk, early.epoch)
        .subquery()
    )  # fmt: skip
    return (
        select(
            came.c.kiosk, func.sum(stream.highest - stream.upto - came.c.came).label("missing"),
            func.sum(_one(came.c.since <= now_ms - LATE_MS)).label("late"),
        )
        .join_from(came, tables.streams, (stream.kiosk == came.c.kiosk) & (stream.epoch == came.c.epoch))
        .group_by(came.c.kiosk)
        .subquery()
    )  # fmt: skip


def _folded() -> FromClause:
    """As fleet.events.gaps counts: a gap of one number with lost notes stands for those alone."""
    row = tables.folded.c
    numbers = case(((row.first < row.seq) | (row.lost == 0), row.seq - row.first + 1), else_=0)
    asked = select(row.kiosk, func.sum(numbers).label("folded"), func.sum(row.lost).label("lost"))
    return asked.group_by(row.kiosk).subquery()


def _suspected() -> FromClause:
    row = tables.clones.c
    worse = func.max(case((row.what == "suspected", 2), else_=1)).label("suspected")
    return select(row.kiosk, worse).where(row.cleared_ms == 0).group_by(row.kiosk).subquery()


def _busy() -> FromClause:
    row = tables.commands.c
    under_way = ("sent", "accepted", "running")
    assert not set(under_way) & set(ENDS)
    asked = select(row.kiosk, func.count().label("busy")).where(row.state.in_(under_way))
    return asked.group_by(row.kiosk).subquery()


def _last_sale(of: FromClause) -> Any:
    """When the last one came, found by its index alone."""
    row = tables.sales.c
    return _zero(select(func.max(row.received_ms)).where(row.kiosk == of.c.kiosk).scalar_subquery())


def _wanted(base: FromClause, ask: Ask) -> list[ColumnElement[bool]]:
    row, found = base.c, []
    if ask.site:
        found.append(row.kiosk.startswith(ask.site.strip("/") + "/", autoescape=True))
    if ask.text:
        text = ask.text.lower()
        found.append(
            or_(
                *(
                    func.lower(column).contains(text, autoescape=True)
                    for column in (row.kiosk, row.version, row.runs)
                )
            )
        )
    if ask.state in TROUBLES:
        found.append(row.trouble.op("&")(_bit(ask.state)) > 0)
    elif ask.state == "trouble":
        found.append(row.trouble > 0)
    elif ask.state == "commands":
        found.append(row.commands > 0)
    elif ask.state == "pinned":
        found.append(row.pinned_by != "")
    elif ask.state:
        found.append(row.presence == ask.state)
    return found


def _order(base: FromClause) -> dict[str, Any]:
    row = base.c
    return {
        "trouble": row.trouble, "kiosk": row.kiosk, "state": row.presence, "version": row.version, "backlog": row.backlog,
        "clock": func.abs(row.clock_off_ms), "heard": row.seen_ms,
    }  # fmt: skip


def _row(found: Any) -> Row:
    devices: dict[str, str] = json.loads(found["devices"])
    said = _reported(found["reported"])
    broken = [f"{name} {state}" for name, state in sorted(devices.items()) if state in ("lost", "failed")]
    bits, waits = int(found["trouble"]), int(found["health_ms"]) - int(found["oldest_ms"])
    return Row(
        kiosk=found["kiosk"], presence=found["presence"], state=found["state"],
        trouble=tuple(name for name in TROUBLES if bits & _bit(name)),
        since_ms=found["since_ms"], seen_ms=found["seen_ms"], version=found["version"] or said.software,
        release=said.release, view=found["view"], sale_ms=int(found["sale_ms"]), backlog=found["backlog"],
        waits_ms=max(0, waits) if found["backlog"] and found["oldest_ms"] else 0, oldest_ms=found["oldest_ms"],
        acked_ms=found["acked_ms"], health_ms=found["health_ms"], clock=found["clock"],
        clock_off_ms=found["clock_off_ms"], devices=devices, faults=(*broken, *said.faults),
        out_of_service=said.out_of_service, missing=int(found["missing"]), folded=int(found["folded"]),
        lost=int(found["lost"]), suspicion=("", "moved", "suspected")[int(found["suspected"])],
        commands=int(found["commands"]), runs=found["runs"], confirmed=bool(found["confirmed"]), wants=found["wants"],
        phase=found["phase"], reason=found["reason"], runs_since_ms=int(found["runs_since_ms"]),
        drift_ms=int(found["drift_ms"]), pinned_by=found["pinned_by"], pinned_why=found["pinned_why"],
    )  # fmt: skip


def _reported(body: str | None) -> Reported:
    """What a kiosk reports of itself; nothing where a newer one says what this fleet cannot read."""
    if body:
        try:
            return msgspec.json.decode(body, type=Reported)
        except msgspec.DecodeError:
            pass
    return Reported(version=0, wall_ms=0)
