"""Events on their way from capture threads to the committing one."""

import pytest

from producer.outbox.handoff import Handoff, OutboxFailed, Ticket
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft, DroppedDrafts
from tests.node_parts import OTHER, SOURCE, detection, frame, health


def test_what_was_given_is_taken_in_order_and_together() -> None:
    handoff = Handoff()
    drafts = [detection(), frame(OTHER), health()]
    handoff.give(drafts[:1])
    handoff.give(drafts[1:])

    load = handoff.take()
    assert load is not None
    assert load.items == drafts


def test_the_fuller_it_is_the_fewer_classes_it_takes() -> None:
    handoff = Handoff(max_items=100)
    for _ in range(100):
        handoff.give([frame(), health()])

    load = handoff.take()
    assert load is not None
    taken = [item for item in load.items if isinstance(item, Draft)]
    frames = sum(draft.rank == Priority.FRAME for draft in taken)
    lost = [item for item in load.items if isinstance(item, DroppedDrafts)]
    assert frames == 34
    assert frames + sum(item.count for item in lost) + sum(draft.rank == Priority.VITAL for draft in taken) == 200
    assert {item.cause for item in lost} == {"handoff_full"}


def test_what_is_lost_takes_no_memory() -> None:
    handoff = Handoff(max_items=10)
    for _ in range(5000):
        handoff.give([frame(), frame(OTHER)])

    load = handoff.take()
    assert load is not None
    assert len(load.items) < 15
    assert sum(item.count for item in load.items if item.source == SOURCE) == 5000


def test_a_closed_handoff_gives_what_it_has_and_takes_no_more() -> None:
    handoff = Handoff()
    handoff.give([detection()])
    handoff.close(OutboxFailed("closed"))

    assert handoff.take() is not None
    assert handoff.take() is None
    with pytest.raises(OutboxFailed, match="closed"):
        handoff.give([detection()])


def test_whoever_waits_is_told_when_it_will_not_come_to_be() -> None:
    handoff = Handoff()
    ticket = Ticket()
    handoff.give([detection()], ticket)
    handoff.abandon(OutboxFailed("the disk is gone"))

    assert ticket.done.is_set()
    assert not ticket.is_committed
