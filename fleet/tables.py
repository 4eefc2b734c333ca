"""The fleet's tables. A kiosk is named by its address (`tenant/site/kiosk`), money is minor units, times Unix ms.

Whoever changes something here adds a step to fleet/store/migrations: docs/store.md.

Every row that comes from a kiosk's event has the event's place `(kiosk, epoch, seq)` in its primary key, so the same
event twice cannot be two rows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
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
    """A table whose rows come from events, and stay when those go."""
    return Table(name, metadata, *_place(), *columns)


def _text(name: str, **more: object) -> Column[object]:
    return Column(name, Text, nullable=False, **more)  # type: ignore[arg-type]


def _number(name: str, **more: object) -> Column[object]:
    return Column(name, BigInteger, nullable=False, **more)  # type: ignore[arg-type]


# In PostgreSQL parted by day of receipt, each day with this key of its own: see fleet.store.partitions.
events = Table(
    "events", metadata, *_place(),
    _text("type"), _number("wall_ms"), _number("mono_ms"), _text("boot"), _text("clock"), _number("received_ms"),
    Column("body", LargeBinary, nullable=False),  # JSON as it came
    Index("events_by_arrival", "received_ms"),
)  # fmt: skip

# How far each stream is complete: every event of (kiosk, epoch) from 1 to `upto` is stored, or folded. `highest`: the
# highest number stored; what lies between is in `ahead`. Whoever commits events of a stream holds its row meanwhile.
streams = Table(
    "streams", metadata,
    Column("kiosk", String(98), primary_key=True), Column("epoch", String(64), primary_key=True), _number("upto"),
    _number("highest", server_default="0"),
)  # fmt: skip

# What is stored ahead of a high-water mark, as ranges that neither overlap nor touch; `since_ms`: when the first of each
# came, so that is how long at least the numbers before it have been missing.
ahead = Table(
    "ahead", metadata,
    Column("kiosk", String(98), primary_key=True), Column("epoch", String(64), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    _number("last"), _number("since_ms"),
)  # fmt: skip

sales = _of_event(
    "sales",
    _number("wall_ms"), _text("order", index=True), _text("reference", index=True), _text("method"), _text("currency"),
    _number("total_minor"), _text("version"), _text("channel"), _text("claim_code", index=True),
    _number("received_ms", server_default="0"),
    Index("sales_by_time", "wall_ms"), Index("sales_by_arrival", "received_ms"), Index("sales_by_kiosk", "kiosk", "received_ms"),
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

# Ranges of numbers a kiosk folded into sums, one row per Gap event, whose place is (kiosk, epoch, seq). `counted`: 1
# where its sums are in the roll-ups, 0 where it contradicts what was stored before and was kept aside.
folded = Table(
    "folded", metadata, *_place(),
    _number("first"), _number("lost"), _number("from_ms"), _number("until_ms"), _number("counted"),
)  # fmt: skip

# Ranges of numbers of a stream that are stored nowhere any more, and who has accepted that: see fleet.events.losses.
losses = Table(
    "losses", metadata,
    Column("kiosk", String(98), primary_key=True), Column("epoch", String(64), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    _number("last"), _number("at_ms"), _text("who"), _text("why"),
)  # fmt: skip

# What happened per minute, added up as events come: see fleet.events.rollups, which says what `key` and `amount` are. A commit
# adds rows and changes none, so one (kiosk, minute, kind, key) may have several: whoever reads adds them up.
rollups = Table(
    "rollups", metadata,
    Column("kiosk", String(98), nullable=False), _number("minute"),  # Unix minutes
    Column("kind", String(16), nullable=False), Column("key", String(256), nullable=False),
    _number("times"), _number("amount"),
    Index("rollups_by_kiosk", "kiosk", "minute"),
    # As events come, so do minutes: a few pages of BRIN in PostgreSQL find them. SQLite makes an ordinary one of it.
    Index("rollups_by_minute", "minute", postgresql_using="brin"),
)  # fmt: skip

# What was played per minute, by what it was: see fleet.events.plays. Rows are added as in `rollups`, and stay.
plays = Table(
    "plays", metadata,
    Column("kiosk", String(98), nullable=False), _number("minute"),
    Column("showing", String(32), nullable=False), Column("clock", String(8), nullable=False),  # synced | holdover | unsynced
    _number("times"), _number("shown_ms"), _number("how_ms"), _number("drawn"), _number("present"), _number("touched"),
    Index("plays_by_kiosk", "kiosk", "minute"), Index("plays_by_minute", "minute", postgresql_using="brin"),
)  # fmt: skip
showings = Table(
    "showings", metadata,
    Column("id", String(32), primary_key=True),  # of what follows, by which one play is told from another
    _text("advert"), _text("creative"), _text("name"), _text("playlist"), _text("booking"), _text("kind"),
)  # fmt: skip

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

# Certificates of kiosks, one row each for good: who let it in and why, and who put it out. See fleet.identity.book.
certificates = Table(
    "certificates", metadata,
    Column("serial", String(40), primary_key=True),  # hexadecimal
    _text("kiosk", index=True), _text("key_id"), Column("chain", LargeBinary, nullable=False),  # PEM
    _number("not_before_ms"), _number("not_after_ms"), _number("issued_ms"), _text("who"), _text("why"),
    _number("revoked_ms", index=True), _text("revoked_who"), _text("revoked_why"),
    _number("ended_ms"),  # when its connection was ended, once it was revoked; 0: not yet, or not revoked
)  # fmt: skip

# One row per address that was ever given to a device, written first whenever it is: two cannot give it at once.
identities = Table(
    "identities", metadata, Column("kiosk", String(98), primary_key=True), _number("changed_ms")
)

# Kiosks that ask to be let in, and what became of it. See fleet.identity.enrolments.
enrolments = Table(
    "enrolments", metadata,
    Column("key_id", String(64), primary_key=True),  # SHA-256 of its public key, hexadecimal
    _text("code"), Column("request", LargeBinary, nullable=False),  # PEM
    _text("board"), _text("machine"), _text("version"), _text("source"), _number("first_ms"), _number("last_ms", index=True),
    _text("state"),  # pending | approved | rejected
    _text("kiosk"), _text("serial"), _text("who"), _text("why"), _number("decided_ms"),
)  # fmt: skip

# Addresses under which two devices spoke by turns, or that moved to another board: see fleet.identity.sessions.
clones = Table(
    "clones", metadata,
    Column("kiosk", String(98), primary_key=True), Column("since_ms", BigInteger, primary_key=True, autoincrement=False),
    _text("what"), _number("last_ms"), _number("returns"),  # what: suspected | moved
    _text("sessions"),  # JSON: who they are
    _number("cleared_ms", index=True), _text("who"), _text("why"),
)  # fmt: skip

# What operators had kiosks do, and who and why: see fleet.operating.command_book. Rows of finished ones stay, results for some days.
commands = Table(
    "commands", metadata,
    Column("id", String(16), primary_key=True),
    _text("kiosk", index=True), _text("what"), _text("arguments"),  # JSON object of strings
    _text("who"), _text("why"), _number("at_ms", index=True), _number("valid_s"), _number("force"),
    # sent | accepted | running, then one of mqtt.commands.ENDS; `said_by`: kiosk, or fleet where the kiosk fell silent
    _text("state", index=True), _text("said_by"), _text("reason"), _text("detail"), _number("changed_ms"),
    _text("media"), _number("parts"), _number("size"),  # of the result; 0 parts: none, or swept
)  # fmt: skip

command_states = Table(
    "command_states", metadata,
    Column("id", String(16), primary_key=True), Column("state", String(16), primary_key=True),
    _number("wall_ms"), _number("heard_ms"), _text("reason"), _text("detail"),
)  # fmt: skip

command_parts = Table(
    "command_parts", metadata,
    Column("id", String(16), primary_key=True), Column("part", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False), _number("heard_ms", index=True),
)  # fmt: skip

# How each kiosk is to be: every version that was said, and how it says it is: see fleet.operating.desired.
desired = Table(
    "desired", metadata,
    Column("kiosk", String(98), primary_key=True), Column("version", Integer, primary_key=True, autoincrement=False),
    _text("who"), _text("why"), _number("at_ms"), _text("body"),
)  # fmt: skip

reported = Table(
    "reported", metadata,
    Column("kiosk", String(98), primary_key=True), _number("version"), _number("heard_ms"), _text("body"),
)  # fmt: skip

# What release each kiosk is to run and does: the newest of `desired` and `reported` in columns, one row a kind (content,
# software), written in their transactions. `name` "": the release for everybody. `differs_ms`: since when it runs another than it was
# told, as the fleet heard it; 0: it does not. See fleet.operating.releases.
wanted = Table(
    "wanted", metadata,
    Column("kiosk", String(98), primary_key=True), Column("kind", String(16), primary_key=True),
    _text("name"), _text("rollout"), _text("pinned_by"), _text("pinned_why"), _number("at_ms"),
)  # fmt: skip
running = Table(
    "running", metadata,
    Column("kiosk", String(98), primary_key=True), Column("kind", String(16), primary_key=True),
    _text("name"), _number("confirmed"), _number("since_ms"), _text("target"), _text("rollout"), _text("phase"),
    _number("percent"), _text("reason"), _text("detail"), _number("version"), _number("heard_ms"), _number("differs_ms"),
)  # fmt: skip

# Roll-outs, who is in which ring of them and what became of that, and every step with who and why: see fleet.rollouts.book.
rollouts = Table(
    "rollouts", metadata,
    Column("id", String(16), primary_key=True),
    _text("kind"), _text("target"), _text("state", index=True), _number("made_ms", index=True), _text("body"),
)  # fmt: skip
rollout_members = Table(
    "rollout_members", metadata,
    Column("rollout", String(16), primary_key=True), Column("kiosk", String(98), primary_key=True),
    _number("ring"), _number("assigned_ms"), _number("version"), _text("previous"), _number("returned_ms"), _text("verdict"),
    _text("reason"), _number("since_ms"),
)  # fmt: skip
rollout_steps = Table(
    "rollout_steps", metadata,
    Column("rollout", String(16), primary_key=True), Column("number", Integer, primary_key=True, autoincrement=False),
    _number("at_ms"), _text("what"), _text("who"), _text("why"), _text("state"),
)  # fmt: skip

# Words people gave to kiosks, by which rings choose.
kiosk_tags = Table(
    "kiosk_tags", metadata,
    Column("kiosk", String(98), primary_key=True), Column("tag", String(40), primary_key=True), _text("who"), _number("at_ms"),
)  # fmt: skip

# Which of several processes on one database does something only one may: see fleet.store.leases.
leases = Table(
    "leases", metadata, Column("name", String(32), primary_key=True), _text("holder"), _number("until_ms")
)

# What operators changed between two releases, and who and why; rows stay: see fleet.live_changes.
live_changes = Table(
    "live_changes", metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _text("scope"), _text("gtin", index=True), _text("kind"), _text("reason"), _text("body"),  # JSON
    _number("until_ms"), _text("who"), _text("why"), _number("at_ms"),
    _number("undone_ms", index=True), _text("undone_who"), _text("undone_why"),
)  # fmt: skip

# The newest set of live changes of every kiosk, as it was signed.
live_sets = Table(
    "live_sets", metadata,
    Column("kiosk", String(98), primary_key=True),
    _number("version"), _text("digest"), _text("kid"), Column("signature", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False), _number("at_ms"),
)  # fmt: skip

# Alerts, with who raised and who cleared them; the kiosks each was said to and what became of it there (0: not yet); and
# the newest set of every kiosk, with why it was refused there: see fleet.emergency.
alerts = Table(
    "alerts", metadata,
    Column("id", String(64), primary_key=True),
    _text("body"), _text("source"), _text("who"), _text("why"), _text("cleared_by"), _text("cleared_why"),
    _number("at_ms"), _number("cleared_ms", index=True),
)  # fmt: skip

alert_kiosks = Table(
    "alert_kiosks", metadata,
    Column("id", String(64), primary_key=True), Column("kiosk", String(98), primary_key=True),
    _number("sent_ms"), _number("heard_ms"), _number("shown_ms"), _number("cleared_ms"), _text("sound"), _text("detail"),
)  # fmt: skip

alert_sets = Table(
    "alert_sets", metadata,
    Column("kiosk", String(98), primary_key=True), _number("version"), _text("body"), _text("refused"),
)  # fmt: skip

# Written now and then to prove that the database writes: see fleet.monitoring.wellness.
pulse = Table("pulse", metadata, Column("name", String(16), primary_key=True), _number("at_ms"))
