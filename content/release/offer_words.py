"""Offers, prices and moments in plain words, for whoever publishes. Pure; moments are told in the store's own time."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Final

import msgspec
from msgspec import Struct

from content.authored.model import Less, OfferRule, Percent, Price, Scope
from content.model import MultiBuy, New, Product, Sale, TakeForLess
from content.money import Money
from content.schedule.records import DAY, Hours, Window

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHOWN: Final = 3  # GTINs of a scope that are named


def offer(of: Product | Price, zone: tzinfo) -> str:
    """What is to be had cheaper with a product, "" for nothing: "take 3, pay 2"."""
    parts = [_gives(of.sale, zone)] if of.sale else []
    parts += [_gives(of.offer, zone)] if of.offer else []
    return " and ".join(parts)


def rule(said: OfferRule, zone: tzinfo) -> str:
    """An offer of many products: what it gives, on what, where, when, how often."""
    parts = [_gives(said.gives, zone), *_scope(said.scope)]
    if said.hours is not None and not said.hours.always:
        parts.append(hours(said.hours))
    if said.per_basket:
        parts.append(f"{said.per_basket} of a product in a basket at most")
    if said.per_order:
        parts.append(f"{said.per_order} of a product in an order at most")
    return ", ".join(parts)


def money(amount: Money) -> str:
    """An amount as machines write it, with its currency: "2.99 EUR"."""
    return f"{amount.decimal()} {amount.currency}"


def hours(said: Hours) -> str:
    """When something is on: "Mon-Fri 06:00-09:00, from 2026-12-01 to 2026-12-24"."""
    parts = [_window(window) for window in said.windows] or ["never but on special days"]
    if parts == ["every day"] and (said.since or said.until):
        parts = []
    dates = f"{_date('from', said.since)}{_date(' to' if said.since else 'to', said.until)}"
    parts += [dates] if dates else []
    parts += [f"{len(said.exceptions)} special days"] if said.exceptions else []
    return ", ".join(parts)


def _gives(what: Percent | Less | Sale | MultiBuy | TakeForLess | New, zone: tzinfo) -> str:
    if isinstance(what, Percent):
        words = f"{what.percent} % less"
    elif isinstance(what, Less):
        words = f"{money(what.off)} less"
    elif isinstance(what, MultiBuy):
        words = f"{what.quantity} for {money(what.price)}"
    elif isinstance(what, TakeForLess):
        words = f"take {what.take}, pay {what.pay}"
    elif isinstance(what, Sale):
        words = (
            f"{money(what.price)}{_moment(' from', what.since, zone)}{_moment(' until', what.until, zone)}"
        )
    else:
        words = "shown as new"
    return words + _conditions(what)


_OWN: Final = {"price", "since", "until", "quantity", "take", "pay", "percent", "off"}


def _conditions(what: Struct) -> str:
    """What else an offer says, in the form it is published: what is new in the model is told without a word here."""
    said = {each: getattr(what, each) for each in what.__struct_fields__ if each not in _OWN}
    found = [
        f"{key} {hours(value) if isinstance(value, Hours) else _plain(value)}"
        for key, value in said.items()
        if value
    ]
    return f" ({', '.join(found)})" if found else ""


def _scope(scope: Scope) -> list[str]:
    parts = []
    if scope.gtins:
        more = len(scope.gtins) - _SHOWN
        parts.append(f"on {', '.join(scope.gtins[:_SHOWN])}{f' and {more} more' if more > 0 else ''}")
    parts += [f"in {', '.join(scope.aisles)}"] if scope.aisles else []
    parts += [f"of {', '.join(scope.merchants)}"] if scope.merchants else []
    parts += [f"at {', '.join(scope.groups)}"] if scope.groups else []
    return parts


def _window(window: Window) -> str:
    days = [_DAYS[day] for day in sorted(window.days)]
    run = list(range(min(window.days, default=0), max(window.days, default=0) + 1))
    if len(days) == len(_DAYS):
        when = "every day"
    elif len(days) > 2 and sorted(window.days) == run:
        when = f"{days[0]}-{days[-1]}"
    else:
        when = ", ".join(days)
    if (window.since, window.until) == (0, DAY):
        return when
    return f"{when} {_minute(window.since)}-{_minute(window.until)}"


def _minute(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _date(word: str, day: date | None) -> str:
    return f"{word} {day}" if day else ""


def _moment(word: str, seconds: int | None, zone: tzinfo) -> str:
    return "" if seconds is None else f"{word} {datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def _plain(value: object) -> str:
    return msgspec.json.encode(value).decode().replace('"', "")
