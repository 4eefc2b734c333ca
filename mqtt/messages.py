"""What may be said, as frozen types; JSON on the wire. Amounts are minor units, times Unix milliseconds.

Fields may be added with a default; a change an old end cannot read gets a new topic root (mqtt.topics.ROOT).
Unknown fields are ignored on read, an unknown `type` is refused.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct


class BadMessage(ValueError):
    """Bytes that are not a message of the contract; says where and what was expected."""


class Message(Struct, frozen=True, kw_only=True, gc=False):
    """Base of all messages. They refer to nothing that refers to them, so the garbage collector need not look at them."""


# --- events: facts of a kiosk, each stored by the fleet exactly once ------------------------------------------


class Line(Struct, frozen=True, kw_only=True):
    """One product of a sale. `total_minor` has the offer in it."""

    gtin: str
    name: str
    quantity: int
    price_minor: int
    total_minor: int
    facing: int = 0


class Event(Message, frozen=True, kw_only=True, tag_field="type"):
    """A fact with its place in the kiosk's sequence: (kiosk, epoch, seq) is unique, seq has no gaps."""

    epoch: str  # random per ledger: a re-imaged card can never look like a replay
    seq: int  # 1, 2, 3, ...
    wall_ms: int
    mono_ms: int
    boot: str
    clock: str = "unsynced"  # unsynced | holdover | synced


class SaleMade(Event, frozen=True, kw_only=True, tag="sale"):
    """Paid. `channel`: touch | scan."""

    order: str
    reference: str
    method: str
    currency: str
    total_minor: int
    lines: tuple[Line, ...]
    version: str  # of the prices
    channel: str = "touch"
    claim_code: str = ""


class RefundWanted(Event, frozen=True, kw_only=True, tag="refund"):
    """Money came that bought nothing; the fleet gives it back."""

    order: str
    reference: str
    currency: str
    total_minor: int
    reason: str


class AdvertPlayed(Event, frozen=True, kw_only=True, tag="play"):
    """An advert was drawn on the glass for `shown_ms` of monotonic time.

    `creative` is the SHA-256 of its picture and `name` what it was called then: both mean the same after the picture is deleted.
    `kind`: contract | booked | turn. `ended`: end | hours (its own were over) | person (somebody came) | covered | store (another one
    was adopted) | closed | night. What else it proves, and what not: docs/measuring.md.
    """

    advert: str
    shown_ms: int
    version: str = ""
    creative: str = ""
    name: str = ""
    playlist: str = ""
    booking: str = ""
    kind: str = ""
    began_ms: int = 0  # what the wall clock said as it came up
    began_mono_ms: int = 0
    ended: str = ""
    drawn: bool = False  # the wall's screen said that it has drawn this slide, and was there to the end of it
    touched: bool = False  # the slide itself was touched, and that ended it
    how_ms: int = (
        0  # how long "how it works" was up since the play before: with `shown_ms` it makes up the loop's time
    )


class FacingsSeen(Event, frozen=True, kw_only=True, tag="impressions"):
    """Facings wholly visible while somebody was there: (facing, times, milliseconds) within one minute."""

    aisle: str
    minute: int  # Unix minutes
    seen: tuple[tuple[int, int, int], ...]
    version: str = ""


class Engaged(Event, frozen=True, kw_only=True, tag="engagement"):
    """Somebody did something: `what` is start, aisle, product, add, checkout, language, reset, tap (a phone got the address), ..."""

    what: str
    detail: str = ""
    facing: int = 0


class Scanned(Event, frozen=True, kw_only=True, tag="scan"):
    """A code was read. `outcome`: product | unknown | refused; the code itself is kept only for products."""

    kind: str
    outcome: str
    gtin: str = ""


class Showing(Struct, frozen=True, kw_only=True):
    """Plays of one creative under one booking, added up; fields as in AdvertPlayed. `present`: those a person ended."""

    advert: str
    creative: str = ""
    name: str = ""
    playlist: str = ""
    booking: str = ""
    kind: str = ""
    times: int = 0
    shown_ms: int = 0
    drawn: int = 0  # plays that were
    present: int = 0
    touched: int = 0
    how_ms: int = 0


class Gap(Event, frozen=True, kw_only=True, tag="gap"):
    """Stands for the events `first` to `seq` of its stream, which the kiosk folded into sums when its card was full.

    Sales and refunds are never folded, and never an event that may have been sent. All of them were of one hour of the
    kiosk's wall clock, so that sums by the hour stay right. `lost` notes never got a number: they could not be written.
    """

    first: int  # seq of the first event it stands for; `seq` itself is the last
    counts: dict[str, int] = msgspec.field(
        default_factory=dict
    )  # how many of each type: play, impressions, engagement, scan
    plays: tuple[tuple[str, int, int], ...] = ()  # (advert, times, milliseconds shown)
    seen: tuple[tuple[str, int, int, int], ...] = ()  # (aisle, facing, times, milliseconds)
    from_ms: int = 0  # wall clock of the earliest
    until_ms: int = 0  # and of the latest
    lost: int = 0
    showings: tuple[
        Showing, ...
    ] = ()  # the same plays as in `plays`, by creative and booking; of older programs none


KioskEvent = SaleMade | RefundWanted | AdvertPlayed | FacingsSeen | Engaged | Scanned | Gap


class Batch(Message, frozen=True, kw_only=True):
    """Events of one kiosk and epoch, in sequence. Topic: up/ev."""

    events: tuple[KioskEvent, ...]


class Ack(Message, frozen=True, kw_only=True):
    """The fleet has committed every event of `epoch` up to and with `upto`. Topic: dn/ack."""

    epoch: str
    upto: int
    at_ms: int = 0  # the fleet's wall clock as it says so; 0: it did not say


# --- requests and responses -----------------------------------------------------------------------------------


class ChargeWanted(Message, frozen=True, kw_only=True, tag_field="type", tag="charge"):
    """Create a charge. `reference` (16 of Crockford's base32) makes it idempotent: the same again is the same charge."""

    id: str  # correlates the response
    expires_ms: int  # the response is of no use after that moment
    order: str
    reference: str
    method: str
    currency: str
    total_minor: int
    lines: tuple[Line, ...]
    version: str
    ttl_s: int = 180
    card: str = ""  # keyed token of the card that was tapped, for method "card"
    claim_code: str = (
        ""  # "K7Q2-9MXT", one for all charges of the order: the fleet honours it if the kiosk is lost
    )


class CancelWanted(Message, frozen=True, kw_only=True, tag_field="type", tag="cancel"):
    """Cancel a charge; the answer may be `paid`."""

    id: str
    expires_ms: int
    reference: str


class StatusWanted(Message, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """What became of a charge?"""

    id: str
    expires_ms: int
    reference: str


class RefundCharge(Message, frozen=True, kw_only=True, tag_field="type", tag="refund-charge"):
    """Give back what was paid under a reference; safe to repeat."""

    id: str
    expires_ms: int
    reference: str
    reason: str


class CodeWanted(Message, frozen=True, kw_only=True, tag_field="type", tag="code"):
    """What does this code stand for? A claim code ("K7Q2-9MXT") or a basket carried on a phone ("K7Q-2M9")."""

    id: str
    expires_ms: int
    code: str


class TimeWanted(Message, frozen=True, kw_only=True, tag_field="type", tag="time"):
    """What time is it? Answered at once, whatever else waits."""

    id: str
    expires_ms: int
    mono_ms: int  # of the kiosk as it asks; comes back in the answer


MoneyRequest = ChargeWanted | CancelWanted | StatusWanted | RefundCharge
Request = MoneyRequest | CodeWanted


class ChargeState(Message, frozen=True, kw_only=True):
    """A charge as the fleet knows it. Topics: dn/res (with `id` of the request) and dn/charge (with id "").

    `state`: created | scanned | paid | expired | cancelled | failed | refunded | unknown.
    `reason` is a key where state is failed: declined, unknown-card, no-funds; provider-down; where this order cannot be
    paid by this method currency, too-little, too-much, no-such-method, refused; bad-request, bad-payload.
    """

    id: str
    reference: str
    state: str
    reason: str = ""
    payload: str = ""  # what the QR says
    expires_ms: int = 0
    paid_minor: int = 0
    currency: str = ""
    merchant: str = ""
    domain: str = ""  # the host a phone shows once it has opened `payload`, where that is an address
    at_ms: int = 0  # the fleet's wall clock as it says so: `expires_ms` - `at_ms` is what is left, whatever the kiosk's says


class Terms(Message, frozen=True, kw_only=True):
    """What a kiosk may offer from now on. Retained on dn/terms, so that a kiosk that starts hears it at once.

    `methods` are keys in the order offered; a kiosk offers those its store lists as well. `link_base` is the address
    its wall codes begin with, `domain` the host people will then read on their phones; `link_key` (hexadecimal) is what
    it signs those addresses with, `link_kid` that key's number.
    """

    methods: tuple[str, ...]
    domain: str
    link_base: str = ""
    link_key: str = ""
    link_kid: int = 0


class CodeState(Message, frozen=True, kw_only=True, tag_field="type", tag="code-state"):
    """What a code stands for. Topic: dn/res.

    `kind`: claim | basket | unknown.
    `state` of a claim: ready (paid, to be handed over) | handed-over | paying (money is not there yet) | unpaid (the order
    ended, no money came) | refunding | refunded; of unknown: "" (nobody has such a code) | wait (too many wrong codes came
    from this kiosk, try again in `wait_s`) | failed (cannot be looked up now); of a basket: "".
    """

    id: str
    code: str  # as it was understood
    kind: str
    state: str = ""
    reference: str = ""  # of the charge: its first four characters are the order's short name
    method: str = ""
    lines: tuple[Line, ...] = ()  # of a claim
    total_minor: int = 0
    currency: str = ""
    since_ms: int = 0  # by the fleet's clock: handed over, given back, else paid or asked for
    basket: tuple[tuple[str, int], ...] = ()  # of a basket: (GTIN of 14 digits, quantity)
    wait_s: int = 0


class TimeTold(Message, frozen=True, kw_only=True, tag_field="type", tag="time-told"):
    """The fleet's time. Topic: dn/res. At most half the round trip off, as the kiosk measures it."""

    id: str
    mono_ms: int  # as it was asked
    at_ms: int  # the fleet's wall clock


Answer = ChargeState | CodeState


class PhoneSale(Message, frozen=True, kw_only=True):
    """Somebody bought from this wall with a phone: say thank you quietly. Topic: dn/notice."""

    order: str
    claim_code: str
    total_minor: int
    currency: str


class Presence(Message, frozen=True, kw_only=True):
    """Retained on `state`. `state`: ready | selling | lost | closed."""

    state: str
    boot: str
    since_ms: int
    version: str = ""
    view: str = ""
    session: str = ""  # random for each start of the agent: two at once under one address are a copy
    epoch: str = ""  # of its ledger
    machine: str = ""  # the board it runs on; "" where nothing tells (kiosk.identity.machine)
    word: int = 0  # counts what this session has said: a smaller number comes late; 0: it does not count


class Health(Message, frozen=True, kw_only=True):
    """Device states and counters. Topic: up/health."""

    wall_ms: int
    devices: dict[str, str]  # name -> absent | opening | ready | lost | failed
    counters: dict[str, int]
    backlog: int = 0  # events the fleet has not acknowledged
    oldest_ms: int = 0  # wall clock of the first of them; 0: none waits
    acked_ms: int = 0  # wall clock of the last Ack; 0: none since the start
    clock: str = "unsynced"  # unsynced | holdover | synced
    clock_off_ms: int = 0  # the kiosk's wall clock minus the fleet's, as far as it knows


def encode(message: Message) -> bytes:
    """A message as JSON."""
    return msgspec.json.encode(message)


class _Kind(Struct):
    type: str = ""


_ANSWERS: dict[str, type[Answer | TimeTold]] = {"code-state": CodeState, "time-told": TimeTold}


def decode_answer(data: bytes) -> Answer | TimeTold:
    """What came on dn/res. Charge states have no `type`, as they never had. Raises BadMessage."""
    answer: Answer | TimeTold = decode(data, _ANSWERS.get(decode(data, _Kind).type, ChargeState))
    return answer


def decode(data: bytes, kind: Any) -> Any:
    """JSON as a message of `kind` (a type, or a union such as Request). Raises BadMessage."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is one of the first
        raise BadMessage(str(error)) from None
    except RecursionError:
        raise BadMessage("nested too deeply") from None
