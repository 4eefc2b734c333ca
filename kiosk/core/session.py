"""Every decision about what happens next: step(session, event) -> (session, effects).

What can happen on any screen is here; what belongs to one screen is in browsing and paying, what the fleet says of
charges in settling, what time does in the `advance` functions. A timer is only an alarm clock: whatever is due by the
event's time happens, whichever timer rang, so a late, early or doubled alarm does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from content import pricing
from kiosk.core import (
    alerting,
    attention,
    attract,
    browsing,
    codes,
    idling,
    impressions,
    paying,
    pending,
    reading,
    recalling,
    receipts,
    service,
    settling,
    ticker,
)
from kiosk.core.effects import AdoptStore, AnyEffect, ArmReader, CancelTimer, RecordEngagement, SetTimer
from kiosk.core.events import (
    AlertsArrived,
    AnyEvent,
    ByPerson,
    CodeScanned,
    DeviceChanged,
    DeviceTestEnded,
    DeviceTestStepped,
    FleetConnected,
    FleetLost,
    IdentifyAsked,
    LanguageChosen,
    LiveChanged,
    NightChanged,
    PhoneSale,
    PhoneTapped,
    ReachChosen,
    ServiceClosed,
    ServiceOpened,
    StoreArrived,
    TermsArrived,
    TimerFired,
)
from kiosk.core.state import (
    PHONE_SALE,
    AnyState,
    Attracting,
    Browsing,
    Choosing,
    Closed,
    CodeAsked,
    CodeResult,
    EnterCode,
    GuidedTest,
    Paying,
    Reviewing,
    Session,
    Sleeping,
    Tapping,
    Thanking,
    Troubled,
    Turn,
    Viewing,
    default_language,
)
from kiosk.core.terms import offered, sound

MAX_DEVICES = 16


def step(session: Session, event: AnyEvent) -> tuple[Session, tuple[AnyEffect, ...]]:
    """What an event makes of the session, and what the agent shall do. An event that does not fit changes nothing."""
    turn = Turn(structs.replace(session, at=event.at))
    reading.follow(turn)
    alerting.follow(turn)
    if not alerting.covers(turn.session, event):
        if isinstance(event, ByPerson):
            idling.someone_is_here(turn, event)
            attention.somebody_came(turn, event)
        _handle(turn, event)
        recalling.keep_current(turn, session)
        alerting.follow(turn)
    if turn.session.alerted is None:
        _close_or_adopt(turn)
        attention.fall_asleep(turn)
    attention.follow_money(turn)
    _notice_changes(turn, session)
    _set_timers(turn, event)
    return turn.session, tuple(turn.effects)


def _handle(turn: Turn, event: AnyEvent) -> None:
    if isinstance(event, ByPerson) and isinstance(turn.session.state, Sleeping):
        attention.wake(turn)
    if isinstance(event, CodeScanned) and browsing.read_again(turn, event):
        return
    for handlers in (settling.HANDLERS, ANYWHERE):
        if handler := handlers.get(type(event)):
            handler(turn, event)
            return
    SCREENS[type(turn.session.state)](turn, event)


SCREENS: dict[type[AnyState], Callable[[Turn, AnyEvent], None]] = {
    Attracting: browsing.attracting,
    Browsing: browsing.browsing,
    Viewing: browsing.viewing,
    Reviewing: browsing.reviewing,
    Choosing: paying.choosing,
    Tapping: paying.tapping,
    Paying: paying.paying,
    Thanking: paying.thanking,
    Troubled: paying.troubled,
    EnterCode: codes.entering,
    CodeAsked: codes.waiting,
    CodeResult: codes.result,
    Closed: lambda turn, event: None,
    Sleeping: lambda turn, event: None,
    GuidedTest: service.testing,
}


# --- on any screen --------------------------------------------------------------------------------------------


def language_chosen(turn: Turn, event: LanguageChosen) -> None:
    """Speak that language, if the store does."""
    if any(known.tag == event.language for known in turn.session.store.languages):
        _begin_if_idle(turn)
        turn.set(language=event.language)
        turn.do(RecordEngagement("language", event.language))


def reach_chosen(turn: Turn, event: ReachChosen) -> None:
    """Bring every control within reach, or not."""
    _begin_if_idle(turn)
    turn.set(reach=event.on)
    turn.do(RecordEngagement("reach", "on" if event.on else "off"))


def _begin_if_idle(turn: Turn) -> None:
    if isinstance(turn.session.state, Attracting):
        browsing.begin(turn)


def device_changed(turn: Turn, event: DeviceChanged) -> None:
    """Remember what can be used."""
    known = turn.session.devices
    if event.name in known or len(known) < MAX_DEVICES:
        turn.set(devices={**known, event.name: (event.state, event.detail)})
    if event.name == "printer":
        receipts.paper_back(turn)
    reason = paying.why_off(turn.session, paying.CARD)
    if isinstance(turn.session.state, Tapping) and reason == "no-reader":
        turn.go(Choosing())
        turn.say(reason, tone="bad")


def terms_arrived(turn: Turn, event: TermsArrived) -> None:
    """Offer what they say. Whoever is choosing keeps the places of the methods: what went is said to be off."""
    turn.set(terms=sound(event.terms))


def fleet_connected(turn: Turn, event: FleetConnected) -> None:
    """Ask about everything that was left open."""
    was_lost = not turn.session.online
    turn.set(online=True)
    if was_lost:
        pending.ask_all(turn)
    if was_lost and isinstance(turn.session.state, Paying):
        turn.say("connection-back", tone="good")


def fleet_lost(turn: Turn, event: FleetLost) -> None:
    """A payment goes on: the phone has its own way to the provider."""
    if turn.session.online and isinstance(turn.session.state, Paying):
        turn.say("connection-lost", tone="bad")
    turn.set(online=False)


def phone_sale(turn: Turn, event: PhoneSale) -> None:
    """Thank somebody who bought with a phone, without stopping whoever is touching.

    Four characters of the order's name, which the phone shows too; nothing of the claim code: everybody can read the wall.
    """
    turn.mention(PHONE_SALE, event.order[:4])


def phone_tapped(turn: Turn, event: PhoneTapped) -> None:
    """Count it."""
    turn.do(RecordEngagement("tap", event.gtin, event.facing))


def store_arrived(turn: Turn, event: StoreArrived) -> None:
    """Keep it until nobody is buying."""
    turn.set(arriving=event.store, arriving_pictures=event.pictures)


def service_closed(turn: Turn, event: ServiceClosed) -> None:
    """Stop selling as soon as nothing is being paid."""
    turn.set(closing=Closed(event.reason, event.code))
    if isinstance(turn.session.state, Tapping | Paying):
        turn.say("closing-soon")


def service_opened(turn: Turn, event: ServiceOpened) -> None:
    """Sell again."""
    turn.set(closing=None)
    if isinstance(turn.session.state, Closed):
        turn.go(Attracting())


def timer_fired(turn: Turn, event: TimerFired) -> None:
    """Do whatever is due."""
    timers = {name: when for name, when in turn.session.timers.items() if name != event.name}
    turn.set(timers=timers)
    if turn.session.alerted is not None:
        alerting.time_passes(turn)
        return
    paying.advance(turn)
    codes.advance(turn)
    service.advance(turn)
    attention.advance(turn)
    pending.advance(turn)
    idling.advance(turn)
    attract.advance(turn)
    session = turn.session
    if session.notices and turn.now >= session.notice_until_ms:
        turn.set(notices=session.notices[1:], notice_until_ms=turn.now + session.settings.notice_ms)


ANYWHERE: dict[type[AnyEvent], Callable[[Turn, Any], None]] = {
    LanguageChosen: language_chosen,
    ReachChosen: reach_chosen,
    DeviceChanged: device_changed,
    TermsArrived: terms_arrived,
    FleetConnected: fleet_connected,
    FleetLost: fleet_lost,
    PhoneSale: phone_sale,
    PhoneTapped: phone_tapped,
    StoreArrived: store_arrived,
    LiveChanged: recalling.live_changed,
    ServiceClosed: service_closed,
    ServiceOpened: service_opened,
    IdentifyAsked: attention.identify_asked,
    NightChanged: attention.night_changed,
    DeviceTestStepped: service.stepped,
    DeviceTestEnded: service.ended,
    AlertsArrived: alerting.arrived,
    TimerFired: timer_fired,
}


# --- after every event ----------------------------------------------------------------------------------------


def _close_or_adopt(turn: Turn) -> None:
    """What waited for nobody to be buying happens once nobody is."""
    session = turn.session
    busy = isinstance(session.state, Tapping | Paying | Thanking | Troubled | GuidedTest | Sleeping)
    if session.closing is not None and not busy and session.state != session.closing:
        impressions.flush(turn)
        idling.forget_visit(turn)
        turn.go(session.closing)
    if not isinstance(session.state, Choosing | Tapping | Paying):
        turn.set(methods=offered(turn.session.store, turn.session.terms))
    if session.arriving is not None and isinstance(turn.session.state, Attracting | Closed | Sleeping):
        store = session.arriving
        pictures = session.arriving_pictures or session.place.pictures
        turn.set(place=structs.replace(session.place, pictures=pictures), arriving_pictures="")
        turn.set(store=store, arriving=None, language=default_language(store))
        if isinstance(turn.session.state, Attracting):
            turn.go(Attracting())
        turn.set(methods=offered(store, turn.session.terms))
        turn.do(AdoptStore(store.version))


def _notice_changes(turn: Turn, before: Session) -> None:
    """What follows from a change of screen, whatever caused it."""
    attract.count_play(turn, before)
    attract.choose(turn)
    impressions.flush_if_over(turn)
    armed = _armed(turn.session)
    if armed != _armed(before):
        turn.do(ArmReader(armed))
    if turn.session.state != before.state and turn.session.warned_ms is not None:
        turn.set(warned_ms=None)


def _armed(session: Session) -> bool:
    return isinstance(session.state, Tapping) and session.alerted is None


def due(session: Session) -> dict[str, int]:
    """What the session waits for: timer names and when they are due, monotonic. Beneath an alert only money and codes wait."""
    wanted: dict[str, int] = {}
    if (alert := alerting.due_ms(session)) is not None:
        wanted["alert"] = alert
    if session.pending:
        wanted["watch"] = min(pending.due_ms(one) for one in session.pending.values())
    if session.alerted is None:
        return wanted | _due_on_screen(session)
    if isinstance(session.state, Paying | CodeAsked):
        wanted["stage"] = session.state.until_ms
    return wanted


def _due_on_screen(session: Session) -> dict[str, int]:
    wanted: dict[str, int] = {}
    state = session.state
    match state:
        case Attracting():
            wanted["slide"] = attract.due_ms(state)
        case Paying() | Tapping() | CodeAsked() | GuidedTest():
            wanted["stage"] = state.until_ms
        case Viewing(product=product) if session.at.trusted:
            change = pricing.next_change(product, session.at.wall_ms // 1000)
            if change is not None and change * 1000 - session.at.wall_ms <= 86_400_000:
                wanted["price"] = session.at.mono_ms + change * 1000 - session.at.wall_ms
        case _:
            pass
    if (idle := idling.due_ms(session)) is not None:
        wanted["idle"] = idle
    if session.notices:
        wanted["notice"] = session.notice_until_ms
    if session.identifying is not None:
        wanted["identify"] = session.identifying.until_ms
    if (line := ticker.due_ms(session)) is not None:
        wanted["ticker"] = line
    if (sleep := attention.sleep_due_ms(session)) is not None:
        wanted["sleep"] = sleep
    return wanted


def _set_timers(turn: Turn, event: AnyEvent) -> None:
    """Ask for alarms that are missing or would come too late. One that comes too early is left alone: it does no harm."""
    wanted, running = due(turn.session), turn.session.timers
    timers: dict[str, int] = {}
    for name, when in wanted.items():
        timers[name] = running.get(name, when)
        if name not in running or running[name] > when:
            timers[name] = when
            turn.do(SetTimer(name, max(0, when - turn.now)))
    for name in running:
        if name not in wanted:
            turn.do(CancelTimer(name))
    turn.set(timers=timers)
