"""What the core knows: one Session, and in it the state of the screen, one frozen record per screen."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field, structs

from content.alerts import Alert
from content.model import Product, Store
from content.playlist import Choice, History, Plan, next_play, plan_of
from kiosk.core.effects import AnyEffect
from kiosk.core.events import Stamp
from kiosk.core.orders import Order, Payment
from kiosk.core.settings import Place, Settings
from kiosk.core.terms import Links, Terms, links_of
from kiosk.guided import Step
from kiosk.views import Notice

MAX_NOTICES = 4
PHONE_SALE = "phone-sale"  # the notice that thanks somebody else


class State(Struct, frozen=True, tag=True, tag_field="state"):
    """What the screen is about."""


class Attracting(State, frozen=True):
    """Nobody is here. `choice` is what is up, since `since_ms` (monotonic; `wall_ms` is what the other clock said). None only
    within a step: the next slide is chosen once what was up before has been counted (attract.choose).
    """

    choice: Choice | None = None
    since_ms: int = 0
    wall_ms: int = 0


class Browsing(State, frozen=True):
    """Somebody looks at the shelves of `session.aisle`."""


class Viewing(State, frozen=True):
    """Somebody looks at one product."""

    product: Product
    facing: int


class Reviewing(State, frozen=True):
    """Somebody looks at the basket."""


class Choosing(State, frozen=True):
    """Somebody chooses how to pay `session.order`."""


class Tapping(State, frozen=True):
    """The reader waits for a card until `until_ms` (monotonic); no charge exists yet."""

    until_ms: int


class Paying(State, frozen=True):
    """Money is in flight under `reference`. `stage` as in views.Pay; it lasts until `until_ms` (monotonic).

    `wish` is why the charge shall end: "" (it shall not), "cancel" (the person wants it), "expire" (time is up),
    "too-dense" (this glass cannot show its code), "recalled" (something in its order was).
    """

    reference: str
    stage: str
    until_ms: int
    payload: str = ""
    offered_ms: int = 0  # how long the payload is shown, for the countdown
    merchant: str = ""
    domain: str = ""
    wish: str = ""


class Thanking(State, frozen=True):
    """Paid and recorded. `receipt` as in views.Thanks."""

    payment: Payment
    receipt: str


class Troubled(State, frozen=True):
    """Something went wrong with `payment`; `claim` says that its claim code is shown."""

    key: str
    payment: Payment
    retry: bool
    claim: bool


class EnterCode(State, frozen=True):
    """Somebody types a code. What is typed is the screen's own until it is whole: it is nobody else's business."""


class CodeAsked(State, frozen=True):
    """The fleet is asked what `code` stands for, until `until_ms` (monotonic). `kind`: claim | basket, by its length."""

    kind: str
    code: str
    until_ms: int


class CodeResult(State, frozen=True):
    """What a code stands for. `key` of a claim: the state as in mqtt.messages.CodeState; of a basket: partly | nothing (`missing` is
    not sold here); unknown: "" | wait | failed; of any kind: offline. `receipt`: "" | as in views.Thanks.
    """

    kind: str  # claim | basket | unknown
    key: str
    payment: Payment | None = None
    since_ms: int = 0
    missing: tuple[str, ...] = ()
    wait_s: int = 0
    receipt: str = ""


class Closed(State, frozen=True):
    """Out of service."""

    reason: str
    code: str = ""


class Sleeping(State, frozen=True):
    """The panel is dark: it is night and nobody is here."""


class GuidedTest(State, frozen=True):
    """A technician tests a peripheral: what is shown, until `until_ms` (monotonic)."""

    shown: Step
    until_ms: int


AnyState = (
    Attracting
    | Browsing
    | Viewing
    | Reviewing
    | Choosing
    | Tapping
    | Paying
    | Thanking
    | Troubled
    | EnterCode
    | CodeAsked
    | CodeResult
    | Closed
    | Sleeping
    | GuidedTest
)


class Identifying(Struct, frozen=True):
    """Which kiosk this is lies over the screen until `until_ms` (monotonic), as command `id` asked."""

    id: str
    address: str
    colour: str
    until_ms: int
    force: bool


class Announced(Struct, frozen=True):
    """An alert with its time on our own clock (monotonic); `until_ms` None: until it is cleared.

    `by_clock`: reckoned from a wall clock to be trusted; if not, it is reckoned again once there is one.
    """

    alert: Alert
    said_ms: int
    from_ms: int
    until_ms: int | None
    by_clock: bool


class Alerted(Struct, frozen=True):
    """Alerts have the glass since `covered_ms`; `shown` of them has it since `since_ms`. The gravest stands first."""

    alerts: tuple[Alert, ...]
    shown: str
    since_ms: int
    covered_ms: int

    @property
    def ids(self) -> tuple[str, ...]:
        """Which."""
        return tuple(one.id for one in self.alerts)


class Pick(Struct, frozen=True):
    """A basket line. It costs what it cost at `priced_at` (content.pricing's `now`) for as long as the session lives."""

    product: Product
    facing: int
    quantity: int
    priced_at: int | None


class Pending(Struct, frozen=True):
    """A payment the core watches. Times are monotonic milliseconds.

    `outcome`: open (money may come), ended (the provider says none will), paid (the ledger shall record the sale).
    `visit` is whose it is; 0 for nobody's. `ending`: it shall be cancelled. `next_ms`: when to ask again.
    `until_ms`: when to stop watching.
    """

    payment: Payment
    visit: int
    next_ms: int
    until_ms: int
    outcome: str = "open"
    ending: bool = False
    asked: int = 0


class Reading(Struct, frozen=True):
    """What the wall clock said: how far it was ahead of the monotonic one, None while it was not trusted. Prices went by it until
    `until_ms` (monotonic); None: they do so now.
    """

    ahead_ms: int | None
    until_ms: int | None = None

    def now_at(self, mono_ms: int) -> int | None:
        """What it said at a monotonic moment, as Stamp.now."""
        return None if self.ahead_ms is None else (self.ahead_ms + mono_ms) // 1000


class Sightings(Struct, frozen=True):
    """Facings seen in one aisle within one Unix minute: facing -> (times, milliseconds)."""

    aisle: str = ""
    minute: int = 0
    seen: dict[int, tuple[int, int]] = field(default_factory=dict)


class Session(Struct, frozen=True, kw_only=True):
    """Everything the core knows. A new one per step; dictionaries in it are replaced, never changed."""

    settings: Settings
    place: Place
    store: Store
    at: Stamp  # of the last event
    state: AnyState
    language: str

    visit: int = 1  # counts people; 0 is nobody
    reach: bool = False
    advert: str = ""  # the one that was touched to begin; "" for none
    history: History = field(default_factory=History)  # what has played, as far as the next choice needs it
    how_ms: int = 0  # how long "how it works" was up since a play was last told
    aisle: str = ""
    basket: tuple[Pick, ...] = ()
    order: Order | None = None
    attempts: int = 0  # to pay `order`
    touched_ms: int = 0  # monotonic
    warned_ms: int | None = None  # since when the idle warning is up
    scanned: tuple[str, int] = ("", 0)  # what was scanned last, and when (monotonic)

    pending: dict[str, Pending] = field(default_factory=dict)
    settled: tuple[str, ...] = ()  # the latest references that ended; the ledger knows all
    sold: tuple[str, ...] = ()  # the latest orders that were sold

    terms: Terms | None = None  # the latest heard of
    methods: tuple[
        str, ...
    ] = ()  # on the screen that offers them; stand still while somebody chooses or pays
    online: bool = False
    devices: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> state, detail
    notices: tuple[Notice, ...] = ()  # the first is on the screen
    notice_until_ms: int = 0
    serial: int = 0  # of the last notice
    sightings: Sightings = field(default_factory=Sightings)
    recalled: frozenset[str] = frozenset()  # GTINs that must not be sold
    readings: tuple[Reading, ...] = ()  # of the clock, the last first: what was on the glass went by them
    arriving: Store | None = None  # adopted when nobody is buying
    arriving_pictures: str = ""
    closing: Closed | None = None  # comes when what is being paid is done
    dark: bool = False  # it is night by what the operator wants
    identifying: Identifying | None = None
    alerts: tuple[Announced, ...] = ()  # the gravest first
    alerted: Alerted | None = None  # they have the glass; what it was about goes on beneath
    timers: dict[str, int] = field(default_factory=dict)  # name -> due, monotonic milliseconds


def new_session(store: Store, place: Place, at: Stamp, settings: Settings | None = None) -> Session:
    """The session a kiosk starts with: nobody here, no fleet yet."""
    session = Session(
        settings=settings or Settings(),
        place=place,
        store=store,
        at=at,
        state=Attracting(),
        language=default_language(store),
        methods=store.methods,
        touched_ms=at.mono_ms,
    )
    return structs.replace(session, state=up(session))


def plan_for(store: Store, settings: Settings) -> Plan:
    """What may play in a store."""
    return plan_of(store.adverts, store.playlists, settings.how_every, settings.how_ms)


def up(session: Session) -> Attracting:
    """The slide that comes up now."""
    plan = plan_for(session.store, session.settings)
    choice = next_play(plan, session.history, session.at.now, session.at.mono_ms)
    return Attracting(choice, session.at.mono_ms, session.at.wall_ms)


def links(session: Session) -> Links:
    """How this kiosk's links are written now: for whoever an advert brought, with its hash."""
    place = session.place
    return links_of(place.host, place.kiosk, session.terms, session.store.version, session.advert)


def default_language(store: Store) -> str:
    """The language a session starts in: the store's first."""
    return store.languages[0].tag if store.languages else "en"


class Turn:
    """One step being worked out: the session as it becomes, and the effects so far. Never outlives its step."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.effects: list[AnyEffect] = []

    @property
    def now(self) -> int:
        """Monotonic milliseconds."""
        return self.session.at.mono_ms

    def set(self, **changes: Any) -> None:
        """Replace fields of the session."""
        self.session = structs.replace(self.session, **changes)

    def go(self, state: AnyState) -> None:
        """Turn to another screen."""
        self.set(state=state)

    def do(self, *effects: AnyEffect) -> None:
        """Ask the agent for something."""
        self.effects.extend(effects)

    def say(self, key: str, *args: str, tone: str = "info") -> None:
        """Tell whoever is here, at once."""
        serial = self.session.serial + 1
        rest = self.session.notices[1:] if self.session.notices else ()
        notices = (Notice(key, args, tone, serial), *rest)
        self.set(notices=notices, serial=serial, notice_until_ms=self.now + self.session.settings.notice_ms)

    def mention(self, key: str, *args: str, tone: str = "good") -> None:
        """Tell somebody else, when the screen has nothing more important to say."""
        if not self.session.notices:
            self.say(key, *args, tone=tone)
        elif len(self.session.notices) < MAX_NOTICES:
            serial = self.session.serial + 1
            self.set(notices=(*self.session.notices, Notice(key, args, tone, serial)), serial=serial)
