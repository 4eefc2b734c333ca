"""The screens and what leads from one to another: `python -m kiosk.core.diagram > docs/states.md`.

A breadth-first walk over a small alphabet of events. Two sessions count as the same place where they differ only in
what no decision hangs on (`_place`), so the walk ends. A test keeps docs/states.md fresh.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Hashable, Iterator

from content.model import Aisle, Language, Product, Store
from content.money import Money
from kiosk.core import events as ev
from kiosk.core.orders import Order, Payment, reference_of
from kiosk.core.session import due, step
from kiosk.core.settings import Place
from kiosk.core.state import Paying, Session, Troubled, new_session
from kiosk.guided import Step

_ORDER = "0123456789ABCDE"
_CLAIM = "K7Q2-9MXT"
_EUR = "EUR"
_MILK = Product(gtin="09521100100113", names={"en": "Milk"}, aisle="dairy", facing=1, price=Money(100, _EUR))
_STORE = Store(
    key="diagram",
    names={"en": "Diagram"},
    currency=_EUR,
    languages=(Language("en", "English"), Language("zh", "中文")),
    aisles=(Aisle(key="dairy", names={"en": "Dairy"}),),
    methods=("link", "card"),
    version="1",
)
_START = ev.Stamp(0, 1_795_000_000_000)

Edges = dict[tuple[str, str], list[str]]


def start() -> Session:
    """Nobody here, fleet and reader ready."""
    session = new_session(_STORE, Place(kiosk="K1"), _START)
    for event in (ev.FleetConnected(_START), ev.DeviceChanged(_START, "reader", "ready")):
        session, _ = step(session, event)
    return session


def label(session: Session) -> str:
    """The name of the screen as it stands in the diagram."""
    state = session.state
    match state:
        case Paying(stage=stage):
            return f"Paying: {stage}"
        case Troubled(retry=True):
            return "Troubled: may retry"
        case Troubled():
            return "Troubled: claim code"
        case _:
            return type(state).__name__


def alphabet(session: Session) -> Iterator[tuple[str, ev.AnyEvent]]:
    """Named events that may come next: what people do, what the fleet says of the screen's payment, and time."""
    yield from _people(session.at)
    yield from _around(session.at)
    state = session.state
    reference = (
        state.reference
        if isinstance(state, Paying)
        else state.payment.reference
        if isinstance(state, Troubled)
        else ""
    )
    if reference:
        yield from _fleet(session.at, reference)
    for name, when in sorted(due(session).items()):
        if name in ("idle", "stage", "sleep"):
            passed = when - session.at.mono_ms
            at = ev.Stamp(when, session.at.wall_ms + passed)
            yield f"time ({name})", ev.TimerFired(at, name)


def _people(at: ev.Stamp) -> Iterator[tuple[str, ev.AnyEvent]]:
    for event in (
        ev.Started(at),
        ev.AisleOpened(at, "dairy"),
        ev.ProductOpened(at, _MILK, 1),
        ev.ProductAdded(at, _MILK, 1),
        ev.BasketOpened(at),
        ev.CheckoutAsked(at, _ORDER, _CLAIM),
        ev.CardTapped(at, "token"),
        ev.CancelAsked(at),
        ev.WentBack(at),
        ev.StartOverAsked(at),
        ev.Dismissed(at),
        ev.RetryAsked(at),
        ev.AnswerGiven(at, True),
        ev.LanguageChosen(at, "zh"),
        ev.ReachChosen(at, True),
        ev.CodeScanned(at, "gtin", _MILK.gtin, _MILK, 1),
        ev.CodeEntryAsked(at),
        ev.CodeEntered(at, "claim", _CLAIM),
        ev.CodeTold(at, _CLAIM, "claim", "ready"),
    ):
        yield type(event).__name__, event
    yield "CodeScanned pickup", ev.CodeScanned(at, "pickup", _CLAIM)
    yield "CodeTold basket", ev.CodeTold(at, _CLAIM, "basket", basket=((_MILK, 1),))
    for method in ("link", "card"):
        yield f"MethodChosen {method}", ev.MethodChosen(at, method)


def _around(at: ev.Stamp) -> Iterator[tuple[str, ev.AnyEvent]]:
    order = Order("ZYXWVTSRQPNMKJH", (), Money(100, _EUR), "1", _CLAIM)
    payment = Payment(reference_of(order.order, 0), order, "link", at.wall_ms - 1, 180_000)
    yield "PaymentsRecovered", ev.PaymentsRecovered(at, (payment,))
    yield "ServiceClosed", ev.ServiceClosed(at, "maintenance")
    yield "ServiceOpened", ev.ServiceOpened(at)
    yield "NightChanged dark", ev.NightChanged(at, dark=True)
    yield "NightChanged light", ev.NightChanged(at, dark=False)
    yield "DeviceChanged reader lost", ev.DeviceChanged(at, "reader", "lost")
    yield "DeviceTestStepped", ev.DeviceTestStepped(at, Step("scanner", "scan", 60_000, "CODE", asks=True))
    yield "DeviceTestEnded", ev.DeviceTestEnded(at)


def _fleet(at: ev.Stamp, reference: str) -> Iterator[tuple[str, ev.AnyEvent]]:
    for event in (
        ev.ChargeCreated(at, reference, "QR"),
        ev.ChargeRefused(at, reference),
        ev.ChargeScanned(at, reference),
        ev.ChargePaid(at, reference, Money(100, _EUR)),
        ev.ChargeExpired(at, reference),
        ev.ChargeCancelled(at, reference),
        ev.ChargeFailed(at, reference, "declined"),
        ev.ChargeUnknown(at, reference),
        ev.SaleRecorded(at, reference),
    ):
        yield type(event).__name__, event
    yield "ChargePaid wrong amount", ev.ChargePaid(at, reference, Money(99, _EUR))


def _place(session: Session) -> Hashable:
    """What decisions hang on."""
    state = session.state
    on_it = session.pending.get(state.reference) if isinstance(state, Paying) else None
    return (
        label(session),
        isinstance(state, Paying) and (state.wish, bool(state.payload)),
        on_it and (on_it.outcome, on_it.payment.method),
        isinstance(state, Troubled) and state.payment.method,
        bool(session.basket),
        session.order is not None,
        min(session.attempts, 2),
        session.warned_ms is not None,
        session.closing is not None,
        session.dark,
        session.devices.get("reader"),
        min(len(session.pending), 1),
    )


def walk() -> tuple[Edges, list[Session]]:
    """All ways from screen to screen with the events that lead along them, and one session for every place found."""
    first = start()
    found: dict[Hashable, Session] = {_place(first): first}
    edges: Edges = {}
    queue = deque([first])
    while queue:
        session = queue.popleft()
        for name, event in alphabet(session):
            after, _ = step(session, event)
            names = edges.setdefault((label(session), label(after)), [])
            if name not in names:
                names.append(name)
            if _place(after) not in found:
                found[_place(after)] = after
                queue.append(after)
    return edges, list(found.values())


def mermaid(edges: Edges) -> str:
    """The walk as a mermaid state diagram; what leads nowhere else is left out."""
    names = sorted({screen for pair in edges for screen in pair})
    ids = {name: name.replace(": ", "_").replace(" ", "_") for name in names}
    lines = ["stateDiagram-v2", "    [*] --> Attracting"]
    lines += [f'    state "{name}" as {ids[name]}' for name in names if ids[name] != name]
    for (source, target), events in sorted(edges.items()):
        if source != target:
            lines.append(f"    {ids[source]} --> {ids[target]}: {', '.join(sorted(events))}")
    return "\n".join(lines) + "\n"


PAGE = """# The core's screens

Found by walking `kiosk.core.session.step`, not drawn by hand; refresh with `python -m kiosk.core.diagram > docs/states.md`.
An arrow names every event that leads along it; `time (idle)` is nobody touching the glass, `time (stage)` is a wait
that has run out. An alert is not among them: it lies over every one of them at once and gives it back ([emergency.md](emergency.md)).
What stays on its screen, what happens to payments in the background, and the laws: [core.md](core.md).

```mermaid
%s```
"""


def page() -> str:
    """docs/states.md."""
    return PAGE % mermaid(walk()[0])


if __name__ == "__main__":
    sys.stdout.write(page())
