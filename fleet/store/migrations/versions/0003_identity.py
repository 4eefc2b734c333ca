"""Who may speak: certificates, the kiosks that ask for one, and who was caught twice."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, String, Text

revision = "0003"
down_revision = "0002"


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _number(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "certificates",
        Column("serial", String(40), primary_key=True),
        _text("kiosk"), _text("key_id"), Column("chain", LargeBinary, nullable=False), _number("not_before_ms"),
        _number("not_after_ms"), _number("issued_ms"), _text("who"), _text("why"), _number("revoked_ms"),
        _text("revoked_who"), _text("revoked_why"), _number("ended_ms"),
    )  # fmt: skip
    op.create_index("ix_certificates_kiosk", "certificates", ["kiosk"])
    op.create_index("ix_certificates_revoked_ms", "certificates", ["revoked_ms"])
    op.create_table("identities", Column("kiosk", String(98), primary_key=True), _number("changed_ms"))
    op.create_table(
        "enrolments",
        Column("key_id", String(64), primary_key=True),
        _text("code"), Column("request", LargeBinary, nullable=False), _text("board"), _text("machine"), _text("version"),
        _text("source"), _number("first_ms"), _number("last_ms"), _text("state"), _text("kiosk"), _text("serial"),
        _text("who"), _text("why"), _number("decided_ms"),
    )  # fmt: skip
    op.create_index("ix_enrolments_last_ms", "enrolments", ["last_ms"])
    op.create_table(
        "clones",
        Column("kiosk", String(98), primary_key=True),
        Column("since_ms", BigInteger, primary_key=True, autoincrement=False),
        _text("what"), _number("last_ms"), _number("returns"), _text("sessions"), _number("cleared_ms"), _text("who"),
        _text("why"),
    )  # fmt: skip
    op.create_index("ix_clones_cleared_ms", "clones", ["cleared_ms"])
