"""An alert in force has the glass, always and alone; none in force, never. Tried with stories of money, nights and tests.

Built upon the stories of money, whose laws go on to hold. What is in force is reckoned here once more, from what was said.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec import structs

from content.alerts import SEVERITIES, Alert, Wording
from content.model import Store
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.present import present
from kiosk.core.state import Attracting, CodeAsked, GuidedTest, Paying, Session, Tapping
from kiosk.guided import Step
from kiosk.views import Emergency, Frame
from tests.core.journeys import MILK, WALL_MS, Journey, store
from tests.core.test_laws import PaymentStories

WORDS = {"en": Wording("Leave the station", "", "Use the stairs"), "zh": Wording("离开车站")}
STILL = (
    ev.ByPerson, ev.FacingsSeen, ev.StoreArrived, ev.ServiceClosed, ev.IdentifyAsked, ev.AlertsArrived, ev.TermsArrived,
    ev.PhoneSale, ev.PhoneTapped,
)  # fmt: skip
NOT_BESIDE = (
    ef.RecordPlay, ef.RecordImpressions, ef.AdoptStore, ef.CreateCharge, ef.TellAlerts, ef.AskCode
)  # fmt: skip
NEW_STORES: tuple[Store, ...] = (store(version="v2"), store(version="v3", adverts=()))


def visit_of(session: Session) -> tuple[Any, ...]:
    """What a person's visit is, without the moments in it."""
    state = session.state
    if isinstance(state, Attracting):
        state = Attracting()
    elif isinstance(state, Tapping | GuidedTest):
        state = structs.replace(state, until_ms=0)
    return (
        state, session.basket, session.order, session.attempts, session.aisle, session.advert, session.language, session.reach,
        session.visit, session.store, session.pending, session.settled, session.sold, session.dark,
    )  # fmt: skip


class AlertStories(PaymentStories):
    """Somebody has something to say that cannot wait, at any moment of any story."""

    said: tuple[tuple[Alert, int], ...] = ()  # with the wall clock's moment at which it was said
    serial = 0

    # --- what is said -----------------------------------------------------------------------------------------

    @rule(
        count=st.sampled_from([0, 0, 1, 1, 2, 3]),
        severities=st.lists(st.sampled_from(SEVERITIES), min_size=3, max_size=3),
        starts=st.sampled_from([0, 0, 0, 3_000, 60_000]),
        lasts=st.sampled_from([0, 0, 4_000, 30_000, 400_000]),
        exercises=st.lists(st.booleans(), min_size=3, max_size=3),
        keep=st.booleans(),
    )
    def somebody_says(
        self, count: int, severities: list[Any], starts: int, lasts: int, exercises: list[bool], keep: bool
    ) -> None:
        """A whole new set, which may hold some of what was said before."""
        wall = WALL_MS + self.j.mono_ms
        fresh = []
        for severity, exercise in list(zip(severities, exercises, strict=True))[:count]:
            self.serial += 1
            alert = Alert(
                id=f"A{self.serial}", words=WORDS, severity=severity, exercise=exercise,
                onset_ms=wall + starts if starts else 0, until_ms=wall + starts + lasts if lasts else 0,
            )  # fmt: skip
            fresh.append((alert, wall))
        self.said = (*(self.said[:2] if keep else ()), *fresh)
        self.play(ev.AlertsArrived, tuple(alert for alert, _ in self.said), wall)

    @rule(which=st.integers(0, 1))
    def a_store_arrives(self, which: int) -> None:
        self.play(ev.StoreArrived, NEW_STORES[which])

    @rule(closed=st.booleans())
    def service(self, closed: bool) -> None:
        if closed:
            self.play(ev.ServiceClosed, "maintenance")
        else:
            self.play(ev.ServiceOpened)

    @rule(ends=st.booleans())
    def a_technician_tests(self, ends: bool) -> None:
        if ends:
            self.play(ev.DeviceTestEnded)
        else:
            self.play(ev.DeviceTestStepped, Step("scanner", "scan", 60_000, "CODE", asks=True))

    @rule()
    def somebody_browses(self) -> None:
        self.play(ev.Started)
        self.play(ev.ProductAdded, MILK, 1)
        self.play(ev.AisleOpened, "dairy")
        self.play(ev.FacingsSeen, ((1, 900),))
        self.play(ev.PhoneSale, "K7Q2000000", "K7Q2-9MXT")

    @rule()
    def power_cut(self) -> None:
        """What was said is kept, and is said first of all when the kiosk starts."""
        mono_ms, self.remembers = self.j.mono_ms, False
        self.j = Journey(self.patience, online=False)
        self.j.mono_ms = mono_ms + 3_000
        self.play(ev.AlertsArrived, tuple(alert for alert, _ in self.said), WALL_MS + self.j.mono_ms)
        self.play(ev.PaymentsRecovered, tuple(self.ledger.open.values()), True, tuple(self.ledger.sold))
        self.play(ev.FleetConnected)
        self.play(ev.DeviceChanged, "reader", "ready")

    # --- the laws ---------------------------------------------------------------------------------------------

    def play(self, event: type[Any], *args: Any) -> None:
        before = self.j.session
        effects = self.j.happens(event, *args)
        self.the_glass_is_an_alerts_or_it_is_not(before)
        self.nothing_is_beside_it(before, event, effects)
        self.carry_out(effects)
        self.check_step(before)

    def in_force(self) -> list[Alert]:
        """By what was said, and the wall clock that goes with the last event."""
        now = self.j.session.at.wall_ms
        found = [
            alert
            for alert, _ in self.said
            if alert.onset_ms <= now and (not alert.until_ms or now < alert.until_ms)
        ]
        real = [alert for alert in found if not alert.exercise]
        return sorted(real or found, key=lambda alert: SEVERITIES.index(alert.severity))

    def the_glass_is_an_alerts_or_it_is_not(self, before: Session) -> None:
        view, found, after = present(self.j.session), self.in_force(), self.j.session
        assert isinstance(view, Emergency) == bool(found)
        if not isinstance(view, Emergency):
            return
        assert view.alert in {alert.id for alert in found}
        assert view.count == len(found)
        assert view.frame == Frame(view.words[0].language), "no notice, no warning, no name, nobody's basket"
        shown_before = set(before.alerted.ids) if before.alerted else set()
        if after.alerted is not None and set(after.alerted.ids) - shown_before:
            assert view.severity == found[0].severity, "the gravest first"

    def nothing_is_beside_it(
        self, before: Session, event: type[Any], effects: tuple[ef.AnyEffect, ...]
    ) -> None:
        after = self.j.session
        if before.alerted is not None and after.alerted is not None:
            told = before.alerted.ids != after.alerted.ids
            for effect in effects:
                assert not isinstance(effect, NOT_BESIDE) or (told and isinstance(effect, ef.TellAlerts))
                assert effect != ef.ArmReader(True), "no card is taken beside it"
            waits = isinstance(before.state, Paying | CodeAsked) or before.pending
            if issubclass(event, STILL) or (event is ev.TimerFired and not waits):
                assert visit_of(before) == visit_of(after)
        if before.alerted is not None and after.alerted is None and not issubclass(event, ev.ByPerson):
            still = issubclass(event, STILL) or event is ev.TimerFired
            if still and before.closing is None and before.arriving is None and not before.pending:
                fresh = after.arriving is None and after.closing is None and after.store == before.store
                assert not fresh or visit_of(before) == visit_of(after), "exactly what was there comes back"
            assert after.warned_ms is None or after.warned_ms == after.at.mono_ms

    def teardown(self) -> None:
        self.said = ()
        self.play(ev.AlertsArrived, ())
        self.play(ev.DeviceTestEnded)
        self.time_passes(120_000)
        super().teardown()


TestAlerts = AlertStories.TestCase
TestAlerts.settings = settings(
    max_examples=80, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
