"""Every kind of view, made by the real core from a real store: for screenshots, and for tests of what is drawn.

Pure but for reading the store. Sessions are put together, not played, so that each scene stands for itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from content import pricing
from content.model import Product
from content.money import Money
from content.references import reference_of
from content.store import AnyStore
from kiosk.core import state
from kiosk.core.basket import order_of, total
from kiosk.core.events import Stamp
from kiosk.core.orders import Payment
from kiosk.core.present import CODES, present
from kiosk.core.settings import Place
from kiosk.views import Notice, View

NOON_MS = 1_795_345_200_000  # 2026-11-22 11:00 UTC: the clock of all scenes
ORDER = "7K2Q9XM4D0T3R8V"  # 15 characters of Crockford's base32
CLAIM = "K7Q2-9MXT"
LINK = "HTTPS://PAY.PENDELO.EXAMPLE/C/" + ORDER  # what a provider's QR may say; upper case keeps it small
EPC = "BCD\n002\n1\nSCT\n\nPendelo Market GmbH\nDE75512108001245126199\nEUR{amount}\n\n\n{reference}\n"  # EPC069-12
LEFT_MS = 154_000  # of the offer, on the pay screens
CLAIMED = frozenset({"unsure", "not-recorded", "wrong-amount", "refunded"})
RETRIED = frozenset({"declined", "expired", "cancelled", "failed", "provider-down", "offline"})


def session_of(
    store: AnyStore, place: Place, language: str, picks: Sequence[tuple[Product, int]], *, reach: bool = False
) -> state.Session:
    """Somebody at the wall with these products in the basket, everything connected."""
    at = Stamp(60_000, NOON_MS)
    fresh = state.new_session(store.store, place, at)
    basket = tuple(
        state.Pick(p, p.facing, count, at.now)
        for p, count in picks
        if p.price.currency == store.store.currency
    )
    session = _with(
        fresh,
        language=language,
        reach=reach,
        basket=basket,
        aisle=store.store.aisles[0].key,
        online=True,
        devices={"reader": ("ready", ""), "printer": ("ready", "")},
    )
    return _with(session, order=order_of(session, ORDER, CLAIM))


def scenes(
    store: AnyStore, place: Place, language: str, picks: Sequence[tuple[Product, int]], *, reach: bool = False
) -> dict[str, View]:
    """Views by name: every screen, every stage of paying, every receipt, every problem. The first pick is shown large."""
    session = session_of(store, place, language, picks, reach=reach)
    product = picks[0][0]
    found = {
        "wall": present(_with(session, state=state.Browsing())),
        "product": present(_with(session, state=state.Viewing(product, product.facing))),
        "product-new": present(
            _with(session, state=state.Viewing(product, product.facing), basket=(), order=None)
        ),
        "basket": present(_with(session, state=state.Reviewing())),
        "basket-empty": present(_with(session, state=state.Reviewing(), basket=(), order=None)),
        "choose": present(_with(session, state=state.Choosing())),
        "choose-no-reader": present(_with(session, state=state.Choosing(), devices={})),
        "notice": present(_with(session, state=state.Browsing(), notices=(Notice("added", (), "good", 1),))),
        "idle": present(_with(session, state=state.Reviewing(), warned_ms=session.at.mono_ms - 2_000)),
    }
    slides = [advert.key for advert in store.store.adverts]
    for i in range(len(slides) + 1):
        view = present(_with(session, state=state.Attracting(i, 0), basket=(), order=None))
        found[f"attract-{i}"] = view
    found |= {f"pay-{name}": present(one) for name, one in _payments(session).items()}
    found |= {name: present(one) for name, one in _endings(session).items()}
    for reason in ("maintenance", "out-of-hours"):
        closed = state.Closed(reason, "EC-31" if reason == "maintenance" else "")
        found[f"closed-{reason}"] = present(_with(session, state=closed, basket=(), order=None))
    return found


def payment_of(session: state.Session, method: str = "link") -> Payment:
    """An attempt to pay the session's basket."""
    assert session.order is not None, "session_of makes one"
    return Payment(reference_of(ORDER, 0), session.order, method, NOON_MS, session.settings.charge_ttl_ms)


def _payments(session: state.Session) -> dict[str, state.Session]:
    """The stages, for a phone; for a banking app and a card what differs."""
    amount: Money = total(session)
    out: dict[str, state.Session] = {}
    epc = EPC.format(amount=amount.decimal(), reference=reference_of(ORDER, 0))
    for method, payload in (("link", LINK), ("epc", epc)):
        payment = payment_of(session, method)
        watched = {payment.reference: state.Pending(payment, session.visit, 0, 0)}
        for stage in ("asking", "waiting", "scanned", "confirming", "cancelling", "late"):
            if method == "epc" and stage != "waiting":
                continue
            shown = "" if stage == "asking" else payload
            expires = NOON_MS + LEFT_MS if shown else 0
            paying = state.Paying(
                payment.reference, stage, 0, shown, expires, "Pendelo Market GmbH" if shown else ""
            )
            out[f"{method}-{stage}"] = _with(session, state=paying, pending=watched)
    out["card"] = _with(session, state=state.Tapping(0, NOON_MS + 38_000))
    return out


def _endings(session: state.Session) -> dict[str, state.Session]:
    payment = payment_of(session)
    out = {
        f"thanks-{receipt}": _with(session, state=state.Thanking(payment, receipt), basket=(), order=None)
        for receipt in ("printing", "printed", "no-paper", "no-printer", "none")
    }
    for key in CODES:
        trouble = state.Troubled(key, payment, key in RETRIED, key in CLAIMED)
        out[f"problem-{key}"] = _with(session, state=trouble)
    return out


def _with(session: state.Session, **changes: object) -> state.Session:
    turn = state.Turn(session)
    turn.set(**changes)
    return turn.session


def picks_of(store: AnyStore, language: str, count: int = 4) -> list[tuple[Product, int]]:
    """Products to buy in scenes: the first of the shelves' aisles that have an offer, one, two, three ... pieces."""
    out: list[tuple[Product, int]] = []
    for aisle in store.store.aisles:
        if len(out) == count:
            break
        shelf = store.shelf(aisle.key, 0, 40)
        offered = [p for p in shelf if pricing.badge(p, NOON_MS // 1000)[0] and p.nutrition]
        if offered or shelf:
            out.append(((offered or shelf)[0], len(out) % 3 + 1))
    return out


__all__ = ["LEFT_MS", "NOON_MS", "payment_of", "picks_of", "scenes", "session_of"]
