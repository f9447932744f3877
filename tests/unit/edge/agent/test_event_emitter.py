"""What a node tells stands behind the steps of its clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.node import ClockEvent, Heartbeat
from edge.agent import event_emitter
from edge.agent.event_emitter import EventEmitter
from producer.clock import DisciplinedClock
from producer.outbox.disk import WAIT_S, DiskReserve
from producer.outbox.outbox import Outbox
from producer.outbox.tables import connect
from tests.node_parts import OTHER, SOURCE

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def events_in(path: Path) -> dict[str, list[Event]]:
    bodies = [body for (body,) in connect(path).execute("select body from outbox_event order by position")]
    found: dict[str, list[Event]] = {SOURCE: [], OTHER: []}
    for event in read_stored(bodies):
        found[event.source].append(event)
    return found


def test_a_step_is_an_event_of_every_device_before_what_bears_the_new_time(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    shows = [NOON]
    clock = DisciplinedClock(lambda: shows[0], lambda: 0.0)
    with Outbox(path, clock) as outbox:
        emitter = EventEmitter(outbox, clock, [SOURCE, OTHER])
        event_factory = emitter.event_factories[SOURCE]
        emitter.put([event_factory.event(Heartbeat(uptime_s=1), clock())], durable=True)
        shows[0] = NOON - timedelta(hours=1)
        emitter.put([event_factory.event(Heartbeat(uptime_s=2), clock())], durable=True)
        emitter.put([], durable=True)
    found = events_in(path)

    assert [event.type for event in found[SOURCE]] == [
        "watchpost.heartbeat.v1",
        "watchpost.clock.v1",
        "watchpost.heartbeat.v1",
    ]
    for step in (found[SOURCE][1], found[OTHER][0]):
        assert isinstance(step, ClockEvent)
        assert step.time == NOON - timedelta(hours=1)
        assert (step.data.step_s, step.data.before, step.data.after) == (-3600.0, NOON, NOON - timedelta(hours=1))
    assert [event.sequence for event in found[SOURCE]] == [1, 2, 3]
    assert [event.time for event in found[SOURCE]] == [NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=1)]


def test_a_step_is_told_also_where_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    shows = [datetime(1970, 1, 1, 0, 0, 30, tzinfo=UTC)]
    clock = DisciplinedClock(lambda: shows[0], lambda: 0.0)
    with Outbox(path, clock) as outbox:
        emitter = EventEmitter(outbox, clock, [SOURCE])
        shows[0] = NOON
        clock()
        emitter.emit_clock_steps()
        emitter.emit_clock_steps()
    [step] = events_in(path)[SOURCE]

    assert isinstance(step, ClockEvent)
    assert step.data.step_s == 1767614370.0


def test_what_waits_for_room_on_a_full_disk_holds_no_thread_and_is_committed_once_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_emitter, "DURABLE_WITHIN_S", 0.05)
    monkeypatch.setattr(event_emitter, "FULL_FOR_S", 0.0)
    path, free = tmp_path / "outbox.sqlite", [0]
    clock = DisciplinedClock(lambda: NOON, lambda: 0.0)
    with Outbox(path, clock, room=DiskReserve(0, 0, WAIT_S, lambda _: free[0])) as outbox:
        emitter = EventEmitter(outbox, clock, [SOURCE])
        many = [emitter.event_factories[SOURCE].event(Heartbeat(uptime_s=number), clock()) for number in range(400)]
        assert not emitter.put(many, durable=True)

        free[0] = 1_000_000_000
        assert emitter.is_committed(30)
        monkeypatch.setattr(event_emitter, "DURABLE_WITHIN_S", 30.0)
        assert emitter.put([emitter.event_factories[SOURCE].event(Heartbeat(uptime_s=400), clock())], durable=True)

    assert len(events_in(path)[SOURCE]) == 401
