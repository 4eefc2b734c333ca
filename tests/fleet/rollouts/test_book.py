"""Roll-outs in the store: what is wanted of kiosks follows, also after a death at any point, also where two look at once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from fleet import tables
from fleet.rollouts.book import RolloutBook, Wish
from fleet.rollouts.model import BadRollout
from fleet.rollouts.worker import Worker
from fleet.store.leases import Lease
from mqtt.commands import Reported, Running
from mqtt.topics import Address
from tests.fleet.rollouts.office import Office, sick, well
from tests.fleet.rollouts.world import NEW, ring
from tests.servers import wait_until


def test_ring_by_ring_to_the_end(office: Office) -> None:
    one = office.scheduled(ring("first", percent=20), ring("rest"))
    office.look(one)
    assert len(office.heard) == 2
    office.answer(well)
    office.look(one)
    office.now += 60_000
    office.look(one)
    assert len(office.heard) == 10
    office.answer(well)
    office.look(one)
    office.now += 60_000
    office.look(one)
    assert office.state(one) == "finished"
    assert set(office.wanted().values()) == {NEW}
    steps = [(step.what, step.who) for step in office.book.detail(one).steps]
    assert steps == [
        ("make", "ada"), ("submit", "ada"), ("approve", "bo"), ("begin", ""), ("ring", ""), ("finish", ""),
    ]  # fmt: skip
    ((rollout, tallies),) = office.book.newest()
    assert rollout.id == one
    assert tallies == [{"confirmed": 2}, {"confirmed": 8}]


def test_what_is_rolled_back_was_wanted_before(office: Office) -> None:
    office.pins.pin(office.addresses[:1], "content", "demo-000007", "cyd", "was here first")
    office.pins.unpin(office.addresses[:1], "content", "cyd", "no more")
    one = office.scheduled()
    office.look(one)
    office.answer(sick("unhealthy"))
    office.look(one)
    assert office.state(one) == "stopped"
    office.book.act(one, "roll-back", "bo", "walls were blank")
    office.look(one)
    first = str(office.addresses[0])
    assert office.wanted() == {name: "demo-000007" if name == first else "" for name in office.heard}
    said = office.heard[first]
    assert said.why == f"roll-out {one} is rolled-back: walls were blank"
    before = office.said
    office.look(one)
    assert office.said == before
    assert office.book.alive() == []


def test_pinned_kiosks_are_passed_over_counted_and_taken_along_when_let_go(office: Office) -> None:
    kept = office.addresses[3]
    office.pins.pin([kept], "content", "demo-000040", "cyd", "demonstration until Friday")
    one = office.scheduled()
    office.look(one)
    assert office.wanted()[str(kept)] == "demo-000040"
    found = office.book.detail(one).scores()[0]
    assert (found.pinned, found.waiting) == (1, 9)
    (pin,) = office.pins.all()
    assert (pin.kiosk, pin.name, pin.by, pin.why) == (str(kept), "demo-000040", "cyd", "demonstration until Friday")  # fmt: skip
    office.pins.unpin([kept], "content", "cyd", "it was Friday")
    office.look(one)
    assert office.wanted()[str(kept)] == NEW
    assert office.pins.all() == []
    with pytest.raises(BadRollout, match="no kiosk of these is pinned"):
        office.pins.unpin([kept], "content", "cyd", "again")


def test_let_go_after_the_end_it_gets_what_its_neighbours_got(office: Office) -> None:
    kept = office.addresses[3]
    office.pins.pin([kept], "content", "demo-000040", "cyd", "demonstration")
    one = office.scheduled()
    office.look(one)
    office.answer(well)
    office.look(one)
    office.now += 60_000
    office.look(one)
    assert office.state(one) == "finished"
    office.pins.unpin([kept], "content", "cyd", "over")
    assert office.wanted()[str(kept)] == NEW


def test_software_is_rolled_out_beside_content(office: Office) -> None:
    one, two = office.scheduled(), office.scheduled(kind="software", target="endcap-0.2.0")
    office.look(one)
    office.look(two)
    for name, said in office.heard.items():
        assert said.content is not None
        assert said.software is not None
        assert (said.content.name, said.software.name) == (NEW, "endcap-0.2.0")
        report = Reported(
            version=said.version, wall_ms=1, content=Running(name=NEW, confirmed=True),
            software_state=Running(name="endcap-0.2.0", confirmed=True),
        )  # fmt: skip
        office.desires.reported(Address(*name.split("/")), report)
    for each in (one, two):
        office.look(each)
    office.now += 60_000
    for each in (one, two):
        office.look(each)
        assert office.state(each) == "finished"


def test_a_kiosk_is_in_one_roll_out_at_a_time(office: Office) -> None:
    one, two = office.scheduled(ring("some", percent=20)), office.scheduled()
    office.look(one)
    office.look(two)
    found = office.book.detail(two).rollout
    assert found.state == "draft"
    assert f"is in roll-out {one}, which has not ended" in found.reason
    assert len(office.heard) == 2


def test_dead_between_writing_and_saying_it_is_said_by_the_next(office: Office) -> None:
    one = office.scheduled()
    office.up = False
    office.look(one)
    assert office.heard == {}
    office.up = True
    again = RolloutBook(office.store, office.desires, office.live, office.clock)
    assert not again.carry_on(one)
    assert again.say_again(one) == 10
    assert set(office.wanted().values()) == {NEW}
    office.answer(well)
    assert again.say_again(one) == 0


def test_two_processes_give_it_once(office: Office) -> None:
    one = office.scheduled()
    books = [RolloutBook(office.store, office.desires, office.live, office.clock) for _ in range(4)]
    ready = threading.Barrier(len(books))

    def run(book: RolloutBook) -> None:
        ready.wait(20)
        while book.carry_on(one):
            pass

    threads = [threading.Thread(target=run, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with office.store.read() as connection:
        versions = list(connection.scalars(select(tables.desired.c.version)))
        rows = connection.execute(select(tables.wanted.c.kiosk, tables.wanted.c.kind)).all()
    assert versions == [1] * 10
    assert len(rows) == len(set(rows)) == 10
    assert [step.what for step in office.book.detail(one).steps].count("begin") == 1


def test_one_owner_and_the_next_when_it_has_gone(office: Office) -> None:
    mine, other = (Lease(office.store, "rollouts", office.clock, 1000) for _ in range(2))
    assert mine.hold()
    assert not other.hold()
    office.now += 600
    assert mine.hold(), "held further"
    office.now += 600
    assert not other.hold()
    office.now += 1000
    assert other.hold(), "whoever sleeps loses it"
    assert not mine.hold()
    assert other.held_by() == other.holder
    other.let_go()
    assert mine.hold()


def test_a_worker_carries_it_on_and_another_takes_over(office: Office) -> None:
    one = office.scheduled()
    first = Worker(office.store, office.book, office.clock)
    first.start()
    wait_until(lambda: len(office.heard) == 10)
    second = Worker(office.store, office.book, office.clock)
    second.look()
    assert second.looks == 0
    first.close()
    assert not first.alive
    office.answer(well)
    second.look()
    office.now += 60_000
    second.look()
    assert office.state(one) == "finished"


def test_a_kiosk_whose_certificates_are_void_is_gone(office: Office) -> None:
    with office.store.write() as connection:
        for number, revoked in ((0, 5), (1, 5), (1, 0)):
            connection.execute(
                tables.certificates.insert().values(
                    serial=f"{number}{revoked}", kiosk=str(office.addresses[number]), key_id="k", chain=b"", not_before_ms=0,
                    not_after_ms=2**60, issued_ms=0, who="ada", why="new", revoked_ms=revoked, revoked_who="", revoked_why="",
                    ended_ms=0,
                )
            )  # fmt: skip
    one = office.scheduled()
    office.look(one)
    assert len(office.heard) == 9
    assert str(office.addresses[0]) not in office.heard


def test_tags_choose(office: Office) -> None:
    office.pins.tag(office.addresses[:3], ["pilot"], "ada")
    office.pins.tag(office.addresses[2:3], ["pilot"], "ada", off=True)
    assert list(office.pins.tags().values()) == [["pilot"], ["pilot"]]
    one = office.scheduled(ring("pilot", tags=("pilot",)), ring("rest"))
    office.look(one)
    assert sorted(office.heard) == [str(each) for each in office.addresses[:2]]
    with pytest.raises(BadRollout, match="tag 'No Way'"):
        office.pins.tag(office.addresses[:1], ["No Way"], "ada")


def test_what_cannot_be_is_refused_and_leaves_nothing(office: Office) -> None:
    wish = Wish(kind="content", target=NEW, rings=(ring("nobody", tags=("pilot",)),))
    with pytest.raises(BadRollout, match="ring 'nobody': no kiosk is in it"):
        office.book.make(wish, "ada", "x")
    with pytest.raises(BadRollout, match="there is none"):
        office.book.act("R" * 40, "pause", "ada", "x")
    with pytest.raises(BadRollout, match="kind 'firmware'"):
        office.pins.pin(office.addresses, "firmware", NEW, "ada", "x")
    with pytest.raises(BadRollout, match="release 'a b'"):
        office.pins.pin(office.addresses, "content", "a b", "ada", "x")
    with pytest.raises(BadRollout):
        office.pins.pin(office.addresses, "content", NEW, "", "x")
    assert office.book.newest() == []
    assert office.heard == {}


def test_since_when_it_differs_is_kept_while_it_does(office: Office) -> None:
    address = office.addresses[0]

    def says(running: Running) -> int:
        office.now += 1000
        office.desires.reported(address, Reported(version=1, wall_ms=1, content=running))
        row = tables.running.c
        with office.store.read() as connection:
            return int(connection.scalar(select(row.differs_ms).where(row.kind == "content")) or 0)

    behind = says(Running(name="a", target=NEW, confirmed=True))
    assert behind == office.now
    assert says(Running(name="a", target=NEW, confirmed=True, phase="fetching")) == behind
    assert says(Running(name=NEW, target=NEW)) == behind, "shown is not confirmed"
    assert says(Running(name=NEW, target=NEW, confirmed=True)) == 0
    assert says(Running(name=NEW, target="later\x1b[2J", confirmed=True)) == office.now


def test_nobody_who_writes_waits_while_content_is_read_for_its_groups(office: Office) -> None:
    asked: list[str] = []

    def groups(kiosk: str, _tags: frozenset[str]) -> frozenset[str]:
        with office.store.write():  # a charge, say
            asked.append(kiosk)
        if len(asked) > 30:
            raise BadRollout("the groups of demo-000042 cannot be read: damaged")
        return frozenset({"downtown"})

    office.book = RolloutBook(office.store, office.desires, office.live, office.clock, groups)
    one = office.scheduled(ring("downtown", groups=("downtown",)))
    office.look(one)
    assert len(office.book.detail(one).members) == 10
    assert len(asked) == 20, "as it was made, and as it began"
    office.book.act(one, "abort", "bo", "enough")
    office.look(one)
    two = office.scheduled(ring("downtown", groups=("downtown",)))
    office.look(two)
    assert office.state(two) == "draft", "it says why it cannot begin, and is not asked for ever"
    assert "damaged" in office.book.detail(two).rollout.reason
