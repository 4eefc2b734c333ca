"""What an entry of the book is after news of its money. Pure: frozen entries in, frozen entries out."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from fleet.payments.entry import CAME_BACK, ELSEWHERE, Entry
from fleet.payments.port import PAID, Charge, News, State, advance

_TAKEN: Final = PAID | {State.REFUNDING}


def moved(entry: Entry, news: News, reason: str) -> Entry:
    """An entry after news the provider did not bring."""
    state = advance(entry.state, news)
    return entry if state is entry.state else structs.replace(entry, state=state, reason=reason)


def given_by_hand(entry: Entry) -> Entry:
    """An entry whose debt a person has paid out."""
    state = advance(entry.state, News.REFUNDED) if entry.state is State.REFUNDING else entry.state
    given = entry.given_minor + entry.owed_back
    return structs.replace(entry, given_minor=given, giving_minor=0, trouble="", state=state)


def learnt(entry: Entry, charge: Charge, payload: str, given_then: int = 0) -> Entry:
    """An entry after its provider has told how the charge stands. What has come never grows less."""
    state = advance(entry.state, charge.news)
    paid = charge.paid or entry.paid
    if paid and entry.paid and paid.currency == entry.paid_currency and paid.minor < entry.paid_minor:
        paid = entry.paid
    given, trouble = entry.given_minor, entry.trouble
    if entry.state is State.REFUNDED:
        given = max(given, charge.refunded_minor)
    if state is State.REFUNDED and entry.state is not State.REFUNDED:  # given back, whoever did it
        given = paid.minor if paid else 0
        trouble = ELSEWHERE if entry.state in PAID else ""
    after = structs.replace(
        entry, state=state, charge_id=charge.id, card="", payload=payload or entry.payload, silent_ms=0,
        expires_ms=charge.expires_ms or entry.expires_ms,
        reason=entry.reason if state is entry.state else charge.reason if state is State.FAILED else "",
        paid_minor=paid.minor if paid else 0, paid_currency=paid.currency if paid else "",
        given_minor=given, giving_minor=0 if state is State.REFUNDED else entry.giving_minor, trouble=trouble,
    )  # fmt: skip
    if after.state is State.REFUNDED and after.paid_minor > after.given_minor:
        after = structs.replace(after, state=advance(after.state, News.MORE))
    return _went_back(after, charge.refunded_minor, given_then)


def _went_back(entry: Entry, told: int, given_then: int) -> Entry:
    """An entry after its provider has told how much has gone back: by us, though the answer was lost; by somebody at the
    provider; or less than we know of, so that money which was on its way is with us again.
    """
    if told >= entry.given_minor + max(1, entry.giving_minor) and entry.state in _TAKEN:
        entry = structs.replace(entry, given_minor=told, giving_minor=0, trouble="")
        if entry.state is State.REFUNDING and told >= entry.paid_minor:
            entry = structs.replace(entry, state=advance(entry.state, News.REFUNDED))
    if told < min(given_then, entry.given_minor) and not entry.resolved_ms:
        return structs.replace(entry, trouble=entry.trouble or CAME_BACK)
    if entry.trouble == CAME_BACK and told >= entry.given_minor:
        return structs.replace(entry, trouble="")
    return entry
