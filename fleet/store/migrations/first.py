"""The tables as they were when migrations began (revision 0001). Frozen: what changed since is in `versions/`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _place() -> list[Column[object]]:
    return [
        Column("kiosk", String(98), primary_key=True),
        Column("epoch", String(64), primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
    ]


def _of_event(name: str, *columns: Column[object] | Index) -> Table:
    """A table whose rows belong to events."""
    event = ForeignKeyConstraint(["kiosk", "epoch", "seq"], ["events.kiosk", "events.epoch", "events.seq"])
    return Table(name, metadata, *_place(), *columns, event)


def _text(name: str, **more: object) -> Column[object]:
    return Column(name, Text, nullable=False, **more)  # type: ignore[arg-type]


def _number(name: str, **more: object) -> Column[object]:
    return Column(name, BigInteger, nullable=False, **more)  # type: ignore[arg-type]


events = Table(
    "events", metadata, *_place(),
    _text("type"), _number("wall_ms"), _number("mono_ms"), _text("boot"), _text("clock"), _number("received_ms"),
    Column("body", LargeBinary, nullable=False),  # JSON as it came
    Index("events_by_arrival", "received_ms"),
)  # fmt: skip

# How far each stream is complete: every event of (kiosk, epoch) from 1 to `upto` is stored.
streams = Table(
    "streams", metadata,
    Column("kiosk", String(98), primary_key=True), Column("epoch", String(64), primary_key=True), _number("upto"),
)  # fmt: skip

sales = _of_event(
    "sales",
    _number("wall_ms"), _text("order", index=True), _text("reference", index=True), _text("method"), _text("currency"),
    _number("total_minor"), _text("version"), _text("channel"), _text("claim_code", index=True),
    Index("sales_by_time", "wall_ms"),
)  # fmt: skip

sale_lines = _of_event(
    "sale_lines",
    Column("line", Integer, primary_key=True, autoincrement=False),
    _text("gtin", index=True), _text("name"), _number("quantity"), _number("price_minor"), _number("total_minor"),
    _number("facing"),
)  # fmt: skip

refunds_wanted = _of_event(
    "refunds_wanted",
    _number("wall_ms"), _text("order"), _text("reference", index=True), _text("currency"), _number("total_minor"),
    _text("reason"),
)  # fmt: skip

plays = _of_event(
    "plays", _number("wall_ms"), _text("advert", index=True), _number("shown_ms"), _text("version")
)

impressions = _of_event(
    "impressions",
    Column("facing", Integer, primary_key=True, autoincrement=False),
    _text("aisle"), _number("minute", index=True), _number("times"), _number("shown_ms"), _text("version"),
)  # fmt: skip

engagements = _of_event("engagements", _number("wall_ms"), _text("what"), _text("detail"), _number("facing"))

scans = _of_event("scans", _number("wall_ms"), _text("kind"), _text("outcome"), _text("gtin"))

# The last word of every kiosk: presence (retained on the wire) and health. `seen_ms` is by the fleet's clock.
kiosks = Table(
    "kiosks", metadata,
    Column("kiosk", String(98), primary_key=True),
    _number("seen_ms"), _text("state"), _text("boot"), _number("since_ms"), _text("version"), _text("view"),
    _number("health_ms"), _text("devices"), _text("counters"),  # JSON objects
    _text("session", server_default=""), _text("epoch", server_default=""),
    _number("backlog", server_default="0"), _number("oldest_ms", server_default="0"), _number("acked_ms", server_default="0"),
    _text("clock", server_default=""), _number("clock_off_ms", server_default="0"),
)  # fmt: skip

# What could not be read, kept with the reason. The same bytes on the same topic are one row, counted.
poison = Table(
    "poison", metadata,
    Column("digest", String(64), primary_key=True),
    _text("topic"), _text("reason"), Column("payload", LargeBinary, nullable=False),
    _number("times"), _number("first_ms"), _number("last_ms"),
)  # fmt: skip

# Every charge anybody asked for, written before the provider is asked: see fleet.payments.book.
charges = Table(
    "charges", metadata,
    Column("reference", String(16), primary_key=True),
    _text("kiosk"), _text("order", index=True), _text("channel"), _text("method"), _text("provider"),
    _text("charge_id", index=True),  # the provider's own name of it; "" until it has answered
    _text("currency"), _number("minor"), _text("description"), _text("version"),
    Column("lines", LargeBinary, nullable=False),  # JSON
    _number("ttl_s"), _text("card"), _text("return_url"), _text("language"),
    _text("state"), _text("reason"), _text("payload"), _number("expires_ms"),
    _number("paid_minor"), _text("paid_currency"),
    _number("given_minor", server_default="0"), _number("giving_minor", server_default="0"),
    _number("parts", server_default="0"), _text("trouble", server_default=""),
    _number("silent_ms", server_default="0"), _number("resolved_ms", server_default="0"),
    _number("unresolved_ms", server_default="0", index=True),  # since when it is not in order; 0: it is
    _number("asked_ms"), _number("changed_ms"), _number("checked_ms"),
    Column("due_ms", BigInteger, index=True),  # when the desk looks at it again by itself; NULL: never
    # what a charge became: "", sold (its event is stored); of the phone lane also sale (its event is not), refund
    _text("settled", index=True),
    _number("sale_seq"),  # the phone sale's place in the stream (kiosk, "phone"); 0: none
    _text("attribution", server_default=""),  # which wall's link led to it: fleet.shop.visits
    _text("claim_code", server_default="", index=True),  # the order's; "" until a phone's order is paid. Never logged, never told on
)  # fmt: skip

# Money an authentic webhook told of that belongs to no charge of ours: see fleet.payments.unresolved.
strangers = Table(
    "strangers", metadata,
    Column("provider", String(64), primary_key=True), Column("charge_id", String(256), primary_key=True),
    _text("reference"), _number("minor"), _text("currency"), _number("times"), _number("first_ms"), _number("last_ms"),
    _number("resolved_ms", index=True),
)  # fmt: skip

# How an order left us: its goods were handed over, or its money is given back instead. One row per order, so that never
# both happen, and neither twice: see fleet.claims.handovers.
handovers = Table(
    "handovers", metadata,
    Column("order", String(15), primary_key=True),
    _text("outcome"),  # handed-over | given-back
    _text("reference"), _text("kiosk"), _text("currency"), _number("minor"), _number("at_ms"), _text("who"), _text("why"),
    Index("handovers_by_time", "at_ms"),
)  # fmt: skip

# What walls have sold and nobody has fetched: one row per order, written with its sale, swept when it has left for good.
# See fleet.shop.packing.
packing = Table(
    "packing", metadata,
    Column("order", Text, primary_key=True),
    _text("kiosk"), _text("epoch"), _number("seq"), _text("reference"),  # the sale's place, whose lines it has
    _number("sold_ms"), _text("progress", server_default=""), _number("changed_ms", server_default="0"),
    Index("packing_by_time", "sold_ms", "order"),
)  # fmt: skip

# What people at the operator have decided about orders and payments, and why. Rows are only ever added.
decisions = Table(
    "decisions", metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _number("at_ms"), _text("what"), _text("reference", index=True), _text("order"), _text("who"), _text("why"),
)  # fmt: skip

# Baskets on their way from a phone to a kiosk: see fleet.shop.baskets. Nothing in them says whose they are.
baskets = Table(
    "baskets", metadata,
    Column("code", String(7), primary_key=True),  # K7Q-2M9
    _text("digits"), _text("language"), _text("kiosk"), _number("expires_ms", index=True),
)  # fmt: skip

# How a phone's order reaches its buyer: see fleet.shop.orders. Whether its place in a slot counts follows from its charge.
phone_orders = Table(
    "phone_orders", metadata,
    Column("order", String(15), primary_key=True),
    _text("way"), _text("kind"), _text("slot", index=True), _number("starts_ms"), _number("until_ms"), _number("closes_ms"),
    _number("fee_minor"), _number("held_ms"),  # the place is held until then while no charge stands behind it
    _text("progress", index=True), _number("changed_ms"),
    _number("moved_ms", server_default="0"),  # when it got another slot, because its money came too late; 0: never
)  # fmt: skip

# One row per slot that was ever asked for; its number changes with every place given, so that two cannot take the last.
slots = Table("slots", metadata, Column("slot", String(64), primary_key=True), _number("version"))

# Where to deliver, apart from everything else and only until `erase_ms`. Never logged, never sent to a kiosk.
contacts = Table(
    "contacts", metadata,
    Column("order", String(15), primary_key=True),
    _text("name"), _text("street"), _text("postcode"), _text("city"), _text("phone"), _number("erase_ms", index=True),
)  # fmt: skip

# What buyers say went wrong, and what they were answered.
reports = Table(
    "reports", metadata,
    Column("id", String(15), primary_key=True),  # brought by the form: sent twice it is one
    _text("order", index=True), _text("reason"), _text("text"), _number("at_ms"), _text("answer"), _number("answered_ms"),
)  # fmt: skip

# Pages opened from walls' links: see fleet.shop.visits.
visits = Table(
    "visits", metadata,
    Column("kiosk", String(98), primary_key=True),
    Column("mark", String(48), primary_key=True),  # state.day.facing.release.advert
    _number("day", index=True), _number("opened"),
)  # fmt: skip

# Stars given to products by people who bought them here, one per line of an order: see fleet.shop.ratings.
ratings = Table(
    "ratings", metadata,
    Column("order", String(15), primary_key=True), Column("gtin", String(14), primary_key=True),
    _number("stars"), _number("rated_ms"),
    Index("ratings_by_product", "gtin"),
)  # fmt: skip
