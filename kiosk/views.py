"""The screens as plain data. `kiosk.core.present` makes a View, `kiosk.ui` draws it, and neither knows the other.

Everything here crosses a socket as JSON (kiosk.link.link), so a view can be stored, compared, sent again after the
screen process died, and drawn by anything. Money stays Money: it is formatted when drawn. Texts an operator wrote
arrive in the commuter's language; the screen's own words are keys of its gettext catalogue.
"""

from __future__ import annotations

from msgspec import Struct, field

from content.model import Language, Texts
from content.money import Money

MODULE_DISTANCE = (
    460  # a phone reads a QR module this many times its size away (3 camera pixels at 1386/d px per mm)
)

# --- what the screen needs to know once: the shop around the views -------------------------------------------


class AisleLabel(Struct, frozen=True):
    """An aisle as the navigation shows it."""

    key: str
    names: Texts
    count: int  # facings on it
    background: str  # "#rrggbb"
    accent: str


class AdvertCard(Struct, frozen=True):
    """An advert; `picture` is an absolute path."""

    key: str
    picture: str
    headlines: Texts
    lines: Texts


class Shop(Struct, frozen=True, tag="shop"):
    """Sent once when a screen connects and again when content changes; views refer to it by key."""

    names: Texts
    version: str  # of what stands on the shelves, prices and links; another one is fetched anew
    currency: str
    languages: tuple[Language, ...]
    aisles: tuple[AisleLabel, ...]
    adverts: tuple[AdvertCard, ...]
    how_it_works: tuple[Texts, ...]
    methods: tuple[str, ...]
    support: str
    kiosk: str  # shown small on every screen, so that people and technicians can name it
    domain: str = ""  # the host products' codes open; "" where the fleet has not said
    light: int = 100  # percent: what the screen itself takes away where the panel has no lamp that could be turned down


class Facing(Struct, frozen=True):
    """One product's place on the shelf, ready to be drawn in one language."""

    facing: int
    gtin: str  # 14 digits
    name: str
    brand: str
    price: Money  # what one piece costs now
    was: Money | None  # the normal price, where a sale lowers it
    unit_price: Money | None  # per `unit_base`
    unit_base: str  # "100 g", "1 l"; "" where there is no unit price
    size: str  # "500 g"
    badge: str  # "" | "sale" | "multi-buy" | "take-for-less" | "new" | "recalled"
    badge_args: tuple[int, ...]  # sale: (percent,), multi-buy: (quantity, minor), take-for-less: (take, pay)
    picture: str  # absolute path, "" where there is none
    qr: str  # the GS1 Digital Link to print beside it, upper-case
    available: bool


# --- the views ------------------------------------------------------------------------------------------------


class Notice(Struct, frozen=True):
    """A short message over a screen: `key` names the words, `args` fill them, `tone` colours them."""

    key: str
    args: tuple[str, ...] = ()
    tone: str = "info"  # info | good | bad
    serial: int = 0  # grows with each notice, so that the same words twice are shown twice


class Identify(Struct, frozen=True):
    """Over everything: which kiosk this is, so that somebody who looks for it finds it."""

    address: str  # tenant/site/kiosk
    colour: str  # a key of COLOURS


class Ticker(Struct, frozen=True):
    """What the station operator says to everybody: one text that stands still, and how much of the attract loop it has."""

    text: str
    language: str  # of the text
    area_per_mille: int = 200  # of the glass's height


class Frame(Struct, frozen=True):
    """What surrounds every screen a commuter can act on."""

    language: str
    reach: bool = False  # every control below 1,220 mm
    basket_count: int = 0
    basket_total: Money | None = None
    notice: Notice | None = None
    idle_seconds: int | None = None  # a warning is up and the session resets after that many seconds
    identify: Identify | None = None
    ticker: Ticker | None = None  # on the attract loop and the wall


class Attract(Struct, frozen=True, tag="attract"):
    """Nobody is here. `slide` is an advert's key or "how-it-works"."""

    frame: Frame
    slide: str


class Wall(Struct, frozen=True, tag="wall"):
    """The shelves of one aisle; facings are fetched through the link as they scroll in."""

    frame: Frame
    aisle: str


class Fact(Struct, frozen=True):
    """One line of a product's facts: `key` of the screen's words and a value ready to be read."""

    key: str
    value: str


class ProductDetail(Struct, frozen=True, tag="product"):
    """One product large, with its facts."""

    frame: Frame
    facing: Facing
    description: str
    ingredients: str
    allergens: tuple[str, ...]  # keys
    nutrition: tuple[Fact, ...]  # per 100 g or ml
    facts: tuple[Fact, ...]  # origin, storage, ...
    quantity: int  # of it in the basket
    age_min: int
    recall: str = (
        ""  # why it was taken off sale: a key of the screen's words, as content.live_changes.REASONS
    )
    recall_text: str = ""  # and what its operator says of it


class BasketLine(Struct, frozen=True):
    """One product in the basket; `total` has the offer in it."""

    gtin: str
    name: str
    picture: str
    quantity: int
    price: Money
    total: Money
    saved: Money | None


class Basket(Struct, frozen=True, tag="basket"):
    """What is about to be bought."""

    frame: Frame
    lines: tuple[BasketLine, ...]
    total: Money
    saved: Money | None
    pickup: str
    age_min: int = 0  # years one must have, checked where it is handed over; 0: no limit
    carry: str = ""  # the link that takes it along on a phone; "" where it holds more than one code does


class ChooseMethod(Struct, frozen=True, tag="choose"):
    """How to pay. A method that cannot be used now stands in `off` with the reason's key."""

    frame: Frame
    total: Money
    methods: tuple[str, ...]
    off: tuple[tuple[str, str], ...] = ()


class Pay(Struct, frozen=True, tag="pay"):
    """Money is in flight. `stage`: asking | waiting | scanned | confirming | cancelling | late.

    `check` and `domain` are what the payer's phone must show too: a sticker over the code would show another.
    """

    frame: Frame
    method: str
    stage: str
    amount: Money
    reference: str
    payload: str = ""  # what the QR says; "" for a card or while asking
    until_ms: int = 0  # when the offer ends, on the machine's monotonic clock; 0: not known yet
    offered_ms: int = 0  # for how long it was made
    merchant: str = ""
    check: str = ""  # content.references.check_of the reference
    domain: str = ""  # host of the payment page; "" where the payload is no address


class Thanks(Struct, frozen=True, tag="thanks"):
    """Paid. `receipt`: printing | printed | no-paper | no-printer | none."""

    frame: Frame
    total: Money
    claim_code: str
    reference: str
    receipt: str
    pickup: str
    age_min: int = 0  # as in Basket


class Problem(Struct, frozen=True, tag="problem"):
    """What happened, what to do, and a code to tell support. `code` is "EC-nn", words hang on `key`."""

    frame: Frame
    key: str
    code: str
    can_retry: bool
    claim_code: str = ""  # where money may have moved, it buys the goods or comes back with this
    reference: str = ""


class CodeEntry(Struct, frozen=True, tag="code-entry"):
    """Keys for a claim code or a basket's code. What is typed never leaves the screen before it is whole."""

    frame: Frame


class CodeWait(Struct, frozen=True, tag="code-wait"):
    """The fleet is asked what the code stands for."""

    frame: Frame


class CodeLine(Struct, frozen=True):
    """A product of an order, as little as its owner needs to know it."""

    name: str
    quantity: int


class CodeResult(Struct, frozen=True, tag="code-result"):
    """What a code stands for; words hang on `key`.

    ready | handed-over | paying | unpaid | refunding | refunded (an order: `order` is its short name), partly | nothing (a
    basket: `missing` is not sold here), unknown | wait (`wait_s`) | failed | offline. The code itself is not in it.
    """

    frame: Frame
    key: str
    order: str = ""
    lines: tuple[CodeLine, ...] = ()  # the first of them; `more` others
    more: int = 0
    total: Money | None = None
    pickup: str = ""
    missing: tuple[str, ...] = ()
    wait_s: int = 0
    receipt: str = ""  # "" | offer | as in Thanks


class Closed(Struct, frozen=True, tag="closed"):
    """Out of service: `reason` is a key of the screen's words."""

    frame: Frame
    reason: str
    code: str = ""


class Asleep(Struct, frozen=True, tag="asleep"):
    """The panel is dark, because it is night and nobody is here; a touch wakes it."""

    frame: Frame


class Enrol(Struct, frozen=True, tag="enrol"):
    """This device belongs to no fleet yet. `state`: reaching (nobody answers) | waiting (for a person, who compares `code`) |
    busy | rejected | welcome (it was let in, the shop comes). `detail`: as the fleet or the network says it.
    """

    frame: Frame
    state: str
    code: str = ""
    fleet: str = ""  # its host
    detail: str = ""


class AlertWords(Struct, frozen=True):
    """What an alert says in one language."""

    language: str
    headline: str
    description: str = ""
    instruction: str = ""


class Emergency(Struct, frozen=True, tag="emergency"):
    """An alert has the whole glass, and nothing else is on it. Keys as in content.alerts; `position` of `count` that take turns."""

    frame: Frame  # its language alone counts
    alert: str  # its id
    severity: str
    sign: str
    sender: str
    words: tuple[AlertWords, ...]  # in the station's languages, in their order
    exercise: bool = False
    position: int = 1
    count: int = 1


class DeviceTest(Struct, frozen=True, tag="device-test"):
    """A technician tests a peripheral. `step` is a key of the screen's words: scan | card | away | phone | receipt | unplug | plug |
    wait | passed | failed; `code` is to be scanned from the glass; `asks`: yes or no is answered here.
    """

    frame: Frame
    device: str  # its configured name
    step: str
    code: str = ""
    number: int = 1  # of `steps`
    steps: int = 1
    asks: bool = False
    detail: str = ""  # what the driver says, as it stands


View = (
    Attract | Wall | ProductDetail | Basket | ChooseMethod | Pay | Thanks | Problem | CodeEntry | CodeWait | CodeResult
    | Closed | Asleep | DeviceTest | Enrol | Emergency
)  # fmt: skip

LEAST_READING_MS, MOST_READING_MS = 8_000, 40_000
COLOURS = ("green", "blue", "violet", "orange", "red", "black")  # of Identify: told apart across a hall


def private(view: View) -> bool:
    """Whether a picture of it would show what is somebody's own: what they pay with, a claim code, what they bought."""
    return isinstance(view, Pay | Thanks | Problem | CodeEntry | CodeWait | CodeResult)


def dark(view: View) -> bool:
    """Whether the panel needs no lamp: it is asleep, and nobody wants to see which one it is."""
    return isinstance(view, Asleep) and view.frame.identify is None


def reading_ms(words: AlertWords) -> int:
    """How long one needs to read it, who is not in a hurry to: 12 letters a second, or 4 characters that stand for words.

    Half of the usual figures for silent reading (Brysbaert 2019: 238 English words, 260 Chinese characters a minute).
    """
    text = words.headline + words.description + words.instruction
    wide = sum(ord(sign) >= 0x2E80 for sign in text)
    return min(MOST_READING_MS, max(LEAST_READING_MS, 1000 * (len(text) - wide) // 12 + 1000 * wide // 4))


def sells(view: View) -> bool:
    """Whether the shop is to be seen: neither asleep nor closed, no alert, no page of a technician's or of enrolment."""
    return not isinstance(view, Asleep | Closed | DeviceTest | Enrol | Emergency)


# --- what a person does: intents, imperative ------------------------------------------------------------------


class Touch(Struct, frozen=True, tag="touch"):
    """The glass was touched anywhere, or scrolled: somebody is here. `x`, `y` in 0..1 of the panel."""

    x: float = 0.0
    y: float = 0.0


class Start(Struct, frozen=True, tag="start"):
    """Leave the attract loop; `link` is the advert's key that was touched, or ""."""

    link: str = ""


class OpenAisle(Struct, frozen=True, tag="open-aisle"):
    """Show an aisle's shelves."""

    aisle: str


class OpenProduct(Struct, frozen=True, tag="open-product"):
    """Show a product large."""

    gtin: str
    facing: int = 0


class Add(Struct, frozen=True, tag="add"):
    """Put pieces of a product into the basket."""

    gtin: str
    facing: int = 0
    quantity: int = 1


class SetQuantity(Struct, frozen=True, tag="set-quantity"):
    """Have exactly that many pieces in the basket; 0 takes the line out."""

    gtin: str
    quantity: int


class OpenBasket(Struct, frozen=True, tag="open-basket"):
    """Show the basket."""


class Checkout(Struct, frozen=True, tag="checkout"):
    """Choose how to pay."""


class PayBy(Struct, frozen=True, tag="pay-by"):
    """Pay the basket by that method."""

    method: str


class CancelPay(Struct, frozen=True, tag="cancel-pay"):
    """Do not pay after all."""


class Back(Struct, frozen=True, tag="back"):
    """One screen back."""


class SetLanguage(Struct, frozen=True, tag="set-language"):
    """Speak that language."""

    language: str


class SetReach(Struct, frozen=True, tag="set-reach"):
    """Bring every control within reach, or not."""

    on: bool


class StayHere(Struct, frozen=True, tag="stay"):
    """I need more time."""


class StartOver(Struct, frozen=True, tag="start-over"):
    """Forget my basket and begin anew."""


class Done(Struct, frozen=True, tag="done"):
    """I have read the thanks or the problem."""


class Retry(Struct, frozen=True, tag="retry"):
    """Try again what the problem stopped."""


class EnterCode(Struct, frozen=True, tag="enter-code"):
    """I have a code."""


class AskCode(Struct, frozen=True, tag="ask-code"):
    """This is the code, as it was typed."""

    code: str


class PrintReceipt(Struct, frozen=True, tag="print-receipt"):
    """Print the receipt of the order on the screen."""


class Seen(Struct, frozen=True, tag="seen"):
    """Facings that were wholly on the glass and for how long: (facing, milliseconds)."""

    facings: tuple[tuple[int, int], ...]


class Answer(Struct, frozen=True, tag="answer"):
    """What a device test asks was so, or was not."""

    yes: bool


class Displayed(Struct, frozen=True, tag="displayed"):
    """An alert is on the glass: said by the screen, not by a person."""

    alert: str


Intent = (
    Touch | Start | OpenAisle | OpenProduct | Add | SetQuantity | OpenBasket | Checkout | PayBy | CancelPay | Back
    | SetLanguage | SetReach | StayHere | StartOver | Done | Retry | EnterCode | AskCode | PrintReceipt | Seen
    | Answer | Displayed
)  # fmt: skip


class Panel(Struct, frozen=True):
    """The glass: pixels and how large they are, so that sizes can be held in millimetres."""

    width: int = 1080
    height: int = 1920
    diagonal_mm: int = 813  # 32 inches
    bottom_mm: int = 650  # height of the lowest pixel row above the floor
    distance_mm: int = 600  # from which text is read
    glare: bool = False  # lamps or windows are reflected in it: codes get more error correction

    @property
    def pitch_mm(self) -> float:
        """Millimetres per pixel."""
        return float(self.diagonal_mm / (self.width**2 + self.height**2) ** 0.5)

    def module(self, distance_mm: int) -> int:
        """Whole pixels a QR module needs for a phone that far away: 6 at 1 m and 12 at 2 m on a 32-inch panel."""
        return max(2, -int(-distance_mm / MODULE_DISTANCE // self.pitch_mm))


class FacingsPage(Struct, frozen=True):
    """An answer to a query for facings `start`..`start + len(items)` of an aisle.

    `fresh_ms`: after so many milliseconds a price on it changes by itself and it is to be asked for anew; 0: it stands
    as long as the shop's version.
    """

    aisle: str
    start: int
    items: tuple[Facing, ...] = field(default=())
    fresh_ms: int = 0
