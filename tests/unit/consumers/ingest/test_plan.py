"""What of a group goes into the journal."""

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.ingest.plan import make_plan
from consumers.store.journal.writing import Accepted
from tests import builders


def taken(event: Event) -> Accepted:
    return Accepted(event, to_bytes(event), 0)


def nothing(_source: str, _epoch: str) -> int:
    return 0


def test_an_event_without_a_sequence_that_the_journal_holds_is_not_taken_again() -> None:
    known, new = builders.detection(id="known"), builders.detection(id="new")

    plan = make_plan([taken(known), taken(new)], nothing, {(known.source, "known")}, {})

    assert [one.event.id for one in plan.accepted] == ["new"]


def test_an_event_without_a_sequence_that_comes_twice_in_a_group_is_taken_once() -> None:
    event, of_another = builders.detection(id="one"), builders.detection(id="one", device="attic")

    plan = make_plan([taken(event), taken(event), taken(of_another)], nothing, set(), {})

    assert [one.event.source for one in plan.accepted] == [event.source, of_another.source]
