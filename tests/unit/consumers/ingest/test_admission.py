"""How many streams may begin: what one device does with its epochs is bounded, and costs nobody else anything."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, device_source
from bus_schemas.node import GapEvent
from consumers.ingest.admission import LIMITS, MAX_SOURCES, Admission
from consumers.ingest.items import Item, RefusedMessage
from consumers.ingest.plan import IngestPlan, make_plan
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted, StreamState
from producer.times import micros
from tests import builders

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AN_HOUR, A_DAY = (limit.epochs for limit in LIMITS)


class Door:
    """A journal, and what ingest lets into it."""

    def __init__(self, directory: Path) -> None:
        self.now = datetime(2026, 1, 5, 10, tzinfo=UTC)
        self._directory = directory
        self.start()

    def start(self) -> None:
        self.journal = Journal(self._directory, lambda: self.now)
        self._admission = Admission(self.journal.streams)

    def restart(self) -> None:
        self.journal.close()
        self.start()

    def send(self, *events: Event) -> IngestPlan:
        return self.take(*(Accepted(event, to_bytes(event), micros(self.now)) for event in events))

    def take(self, *items: Item) -> IngestPlan:
        now = micros(self.now)
        known = self.journal.known_ids([])
        plan = make_plan(items, self.journal.watermark, known, {}, lambda key: self._admission.refusal(now, key))
        self.journal.append(plan.accepted, plan.rejected)
        return plan

    def begin(self, *epochs: str, device: str = "yard") -> int:
        """How many of these streams were begun."""
        return len(self.send(*(first(epoch, device) for epoch in epochs)).accepted)


def first(epoch: str, device: str = "yard", sequence: int = 1) -> Event:
    return builders.detection(id=f"{device}-{epoch}-{sequence}", epoch=epoch, sequence=sequence, device=device)


def epochs(count: int, name: str = "epoch") -> list[str]:
    return [f"{name}-{number}" for number in range(count)]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.journal.close()


def test_of_many_new_epochs_of_a_device_the_first_ones_are_taken_in(door: Door) -> None:
    plan = door.send(*(first(epoch) for epoch in epochs(1000)))

    assert len(plan.accepted) == len(door.journal.streams) == AN_HOUR
    assert len(plan.rejected) == 1000 - AN_HOUR
    assert plan.rejected[0].reason == (
        "a new epoch of /sites/DEMO/devices/yard, of which 30 epochs sent something within the last hour: no more are "
        "taken in until then; a node begins an epoch only when its outbox is new"
    )
    assert plan.rejected[0].topic == "watchpost/v1/DEMO/yard/event/detection"
    assert plan.holes == plan.repeated == set()


def test_the_streams_that_are_known_and_the_other_devices_go_on(door: Door) -> None:
    door.begin("honest", device="gate")
    door.begin(*epochs(1000))

    plan = door.send(first("epoch-3", sequence=2), first("honest", "gate", 2), first("new", "attic"))

    assert [one.event.id for one in plan.accepted] == ["yard-epoch-3-2", "gate-honest-2", "attic-new-1"]
    assert plan.rejected == []


def test_pictures_and_recordings_of_a_known_outbox_are_no_new_epoch(door: Door) -> None:
    door.begin(*epochs(1000))

    assert door.begin("epoch-3.pictures", "epoch-3.recording") == 2


def test_a_restart_changes_nothing(door: Door) -> None:
    door.begin(*epochs(AN_HOUR - 1))
    door.restart()

    assert door.begin("one more", "and another") == 1
    door.restart()
    assert door.begin("and another") == 0


def test_a_device_may_begin_again_when_the_hour_is_over(door: Door) -> None:
    door.begin(*epochs(AN_HOUR))
    door.now += HOUR - timedelta(seconds=1)
    assert door.begin("new") == 0
    door.now += timedelta(seconds=1)

    assert door.begin("new") == 1


@pytest.mark.thorough
def test_hour_after_hour_it_is_no_more_than_the_day_allows(door: Door) -> None:
    begun = 0
    for hour in range(24):
        begun += door.begin(*epochs(1000, f"hour-{hour}"))
        door.now += HOUR

    assert begun == A_DAY
    door.now += DAY
    assert door.begin("new") == 1


def test_a_node_whose_disk_is_wiped_every_hour_is_never_refused(door: Door) -> None:
    for day in range(3):
        for hour in range(24):
            assert door.begin(f"{day}-{hour}") == 1
            door.now += HOUR


def test_a_clock_of_the_hub_that_went_back_keeps_nobody_out(door: Door) -> None:
    door.begin(*epochs(1000))
    door.now -= 3 * DAY

    assert door.begin("new") == 1


def test_epochs_that_begin_in_their_middle_are_bounded_as_well(door: Door) -> None:
    """For each hole its producer is told what is missing, which is not for nothing."""
    plan = door.send(*(first(epoch, sequence=7) for epoch in epochs(1000)))

    assert len(plan.holes) == AN_HOUR
    assert len(plan.rejected) == 1000 - AN_HOUR


def test_no_gap_is_placed_in_a_stream_that_may_not_begin(door: Door) -> None:
    door.begin(*epochs(AN_HOUR))
    now = micros(door.now)
    known, unknown = (
        RefusedMessage("no data", b"{}", "topic", now, "/sites/DEMO/devices/yard", epoch, sequence)
        for epoch, sequence in (("epoch-1", 2), ("new", 1))
    )

    plan = door.take(known, unknown)

    assert [type(one.event) for one in plan.accepted] == [GapEvent]
    assert [one.reason for one in plan.rejected] == ["no data", "no data"]
    assert ("/sites/DEMO/devices/yard", "new") not in door.journal.streams


def test_nobody_can_keep_the_hub_out_by_beginning_streams_in_its_name(door: Door) -> None:
    plan = door.send(*(first(epoch, "_hub") for epoch in epochs(1000)))

    assert len(plan.accepted) == 1000


def known_sources(count: int, received: int = 0) -> dict[tuple[str, str], StreamState]:
    return {(device_source("BIG", f"d{n}"), "one"): StreamState(n + 1, 1, received, 0) for n in range(count)}


def test_where_very_many_devices_are_known_a_new_one_is_refused_and_the_known_ones_go_on() -> None:
    now = micros(datetime(2026, 1, 5, 10, tzinfo=UTC))
    streams = known_sources(MAX_SOURCES - 1, now)
    admission = Admission(streams)

    assert admission.refusal(now, (device_source("BIG", "last"), "")) is None
    streams[device_source("BIG", "last"), ""] = StreamState(MAX_SOURCES, 0, now, 0)
    reason = admission.refusal(now, (device_source("BIG", "more"), "")) or ""
    assert reason.startswith("/sites/BIG/devices/more is new, and 5000 devices sent something within 30 days")
    assert admission.refusal(now, (device_source("BIG", "d7"), "wiped")) is None
    assert admission.refusal(now, (device_source("NEW", "_hub"), "one")) is None


def test_devices_that_are_silent_for_a_month_leave_their_room_to_others_and_may_come_back() -> None:
    now = micros(datetime(2026, 1, 5, 10, tzinfo=UTC))
    admission = Admission(known_sources(MAX_SOURCES, now))
    later = now + micros(datetime(1970, 2, 1, tzinfo=UTC))

    assert admission.refusal(now, (device_source("BIG", "new"), "one")) is not None
    assert admission.refusal(later, (device_source("BIG", "new"), "one")) is None
    assert admission.refusal(later, (device_source("BIG", "d7"), "wiped")) is None


def test_a_flood_of_refused_epochs_and_names_is_remembered_nowhere() -> None:
    now = micros(datetime(2026, 1, 5, 10, tzinfo=UTC))
    looked_up = CountedLookups(known_sources(MAX_SOURCES, now))
    admission = Admission(looked_up)
    source = device_source("BIG", "d7")
    for number in range(AN_HOUR):
        admission.refusal(now, (source, f"first-{number}"))
    looked_up.count = 0

    refused = [admission.refusal(now, (source, f"e{number}")) for number in range(10_000)]
    refused += [admission.refusal(now, (device_source("FLOOD", f"n{number}"), "one")) for number in range(10_000)]

    assert None not in refused
    assert looked_up.count < 10 * len(refused), "each refusal looks at few streams"
    assert admission.refusal(now, (source, "first-1")) is None


class CountedLookups(dict[tuple[str, str], StreamState]):
    count = 0

    def get(self, key: tuple[str, str], default: object = None) -> StreamState | None:  # type: ignore[override]  # it has no other default
        self.count += 1
        return super().get(key)
