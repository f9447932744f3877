"""Two producers with one stream are noticed."""

from collections.abc import Sequence

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.ingest.conflicts import SAMPLES, Conflicts
from consumers.ingest.plan import make_plan
from consumers.journal.writing import Accepted
from tests import builders
from tests.builders import START, numbered


class Stream:
    """The ids that a journal holds, and how many were asked for."""

    def __init__(self, *events: Event) -> None:
        self.ids = {event.sequence: event.id for event in events}
        self.asked = 0

    def __call__(self, source: str, epoch: str, sequences: Sequence[int]) -> dict[int, str]:
        self.asked += len(sequences)
        return {sequence: self.ids[sequence] for sequence in sequences if sequence in self.ids}


def taken(event: Event) -> Accepted:
    return Accepted(event, to_bytes(event), 7)


def many(count: int, prefix: str) -> list[Event]:
    return numbered([builders.detection(id=f"{prefix}{number}") for number in range(count)])


def test_what_is_repeated_is_no_conflict_and_costs_few_questions() -> None:
    events = many(1000, "same-")
    stream = Stream(*events)

    assert Conflicts(stream).find(map(taken, events)) == []
    assert stream.asked <= SAMPLES + 2


def test_another_event_of_a_known_sequence_is_kept_as_rejected_with_the_reason() -> None:
    [first], [second] = many(1, "first-"), many(1, "second-")
    [refused] = Conflicts(Stream(first)).find([taken(second)])

    assert refused.topic == "watchpost/v1/DEMO/yard/event/detection"
    assert refused.body == to_bytes(second)
    assert refused.received == 7
    assert "sequence 1 of /sites/DEMO/devices/yard, epoch epoch-1, is another event already (first-0)" in refused.reason


def test_of_a_copy_that_went_its_own_way_every_event_is_told_and_each_once() -> None:
    ours, theirs = many(1000, "ours-"), many(1000, "theirs-")
    conflicts = Conflicts(Stream(*ours))
    mixed = [*ours[:900], *theirs[900:]]

    assert [one.body for one in conflicts.find(map(taken, mixed))] == [to_bytes(event) for event in theirs[900:]]
    assert conflicts.find(map(taken, mixed)) == []


def test_a_medium_is_refused_on_its_own_topic() -> None:
    [first], [second] = numbered([builders.media(START)]), numbered([builders.media(START)])
    [refused] = Conflicts(Stream(first)).find([taken(second)])

    assert refused.topic == "watchpost/v1/DEMO/yard/media/thumbnail"


def test_a_plan_compares_what_it_passes_over_but_no_gaps() -> None:
    gap = builders.gap(first=1, last=2, epoch="epoch-1", sequence=2)
    event = builders.detection(epoch="epoch-1", sequence=1)
    foreign = builders.detection(id="known")

    plan = make_plan([taken(gap), taken(event), taken(foreign)], lambda *_: 5, {(foreign.source, "known")})

    assert [item.event.id for item in plan.passed_over] == [event.id]
