"""What the kiosk must not forget: money, and the events the fleet has not stored (docs/ledger.md)."""

from kiosk.ledger.backlog import Backlog
from kiosk.ledger.book import LIMIT_BYTES, Ledger
from kiosk.ledger.reserve import RESERVE_BYTES
from kiosk.ledger.schema import LedgerError

__all__ = ["LIMIT_BYTES", "RESERVE_BYTES", "Backlog", "Ledger", "LedgerError"]
