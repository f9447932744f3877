"""Two producers with one stream are noticed."""

from collections.abc import Sequence
from itertools import chain

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.ingest.conflicts import SAMPLES, Conflicts
from consumers.ingest.plan import make_plan
from consumers.store.journal.writing import Accepted, SequenceKey
from tests import builders
from tests.builders import START, numbered


class Journal:
    """The ids that a journal holds, how many were asked for, and in how many questions."""

    def __init__(self, *events: Event) -> None:
        self.ids = {(event.source, event.epoch or "", event.sequence or 0): event.id for event in events}
        self.asked = self.questions = 0

    def __call__(self, keys: Sequence[SequenceKey]) -> dict[SequenceKey, str]:
        self.questions += 1
        self.asked += len(keys)
        return {key: self.ids[key] for key in keys if key in self.ids}


def taken(event: Event) -> Accepted:
    return Accepted(event, to_bytes(event), 7)


def many(count: int, prefix: str) -> list[Event]:
    return numbered([builders.detection(id=f"{prefix}{number}") for number in range(count)])


def test_what_is_repeated_is_no_conflict_and_costs_few_questions() -> None:
    events = many(1000, "same-")
    journal = Journal(*events)

    assert Conflicts(journal).find(map(taken, events)) == []
    assert journal.asked <= SAMPLES + 2
    assert journal.questions == 1


def test_a_group_costs_two_questions_at_most_of_however_many_streams_it_is() -> None:
    streams = [numbered([builders.detection(device=f"d{n}") for _ in range(3)]) for n in range(500)]
    journal = Journal(*chain.from_iterable(streams))
    conflicts = Conflicts(journal)

    assert conflicts.find(map(taken, chain.from_iterable(streams))) == []
    assert (journal.questions, journal.asked) == (1, 500)

    others = numbered([builders.detection(device="d7", id=f"other-{n}") for n in range(3)])
    found = conflicts.find(map(taken, chain.from_iterable([*streams, others])))
    assert [one.body for one in found] == [to_bytes(event) for event in others]
    assert journal.questions == 3


def test_another_event_of_a_known_sequence_is_kept_as_rejected_with_the_reason() -> None:
    [first], [second] = many(1, "first-"), many(1, "second-")
    [refused] = Conflicts(Journal(first)).find([taken(second)])

    assert refused.topic == "watchpost/v1/DEMO/yard/event/detection"
    assert refused.body == to_bytes(second)
    assert refused.received == 7
    assert "sequence 1 of /sites/DEMO/devices/yard, epoch epoch-1, is another event already (first-0)" in refused.reason


def test_of_a_copy_that_went_its_own_way_every_event_is_told_and_each_once() -> None:
    ours, theirs = many(1000, "ours-"), many(1000, "theirs-")
    conflicts = Conflicts(Journal(*ours))
    mixed = [*ours[:900], *theirs[900:]]

    assert [one.body for one in conflicts.find(map(taken, mixed))] == [to_bytes(event) for event in theirs[900:]]
    assert conflicts.find(map(taken, mixed)) == []


def test_a_medium_is_refused_on_its_own_topic() -> None:
    [first], [second] = numbered([builders.media(START)]), numbered([builders.media(START)])
    [refused] = Conflicts(Journal(first)).find([taken(second)])

    assert refused.topic == "watchpost/v1/DEMO/yard/media/thumbnail"


def test_a_plan_compares_what_it_passes_over_but_no_gaps() -> None:
    gap = builders.gap(first=1, last=2, epoch="epoch-1", sequence=2)
    event = builders.detection(epoch="epoch-1", sequence=1)
    foreign = builders.detection(id="known")

    plan = make_plan([taken(gap), taken(event), taken(foreign)], lambda *_: 5, {(foreign.source, "known")}, {})

    assert [item.event.id for item in plan.passed_over] == [event.id]
