"""Whether the hub does what it is for: what is found, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.protocol import IngestStatus
from consumers.hub_faults import FaultReporter
from gateway import readiness as module
from gateway.health_check import report
from gateway.readiness import BusState, Check, Readiness, State, StoresState

WELL = BusState(is_connected=True, silent_s=1.0)


@dataclass(frozen=True)
class SetAside:
    position: int = 17
    error: str = "KeyError: 'x'"


@dataclass(frozen=True)
class Consumer:
    name: str = "incidents"
    position: int = 100
    lag: int = 0
    state: str = "running"
    error: str | None = None
    lately: Sequence[SetAside] = field(default_factory=list)


STORES = ("warehouse",)
"""The consumers with stores of their own, of which nothing else reports."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def status(**given: Any) -> bytes:
    moment = datetime(2026, 1, 5, 10, tzinfo=UTC)
    usual: dict[str, Any] = {"time": moment, "started": moment, "state": "running", "position": 100}
    counts: dict[str, Any] = dict.fromkeys(("messages", "accepted", "rejected", "media", "received_per_s", "lag_s"), 0)
    return IngestStatus(**{**usual, **counts, **given}).to_bytes()


def ready(clock: Clock) -> Readiness:
    """Of a gateway that has been there for a while, and hears ingest."""
    made = Readiness(_ingest_at=clock.now, _started_at=clock.now - 3600)
    made.take_ingest_status(status(position=100))
    return made


def wrong(checks: Sequence[Check]) -> dict[str, tuple[str, str]]:
    return {one.part: (one.state, one.detail) for one in checks if one.state != "ok"}


def stores(*consumers: Consumer, head: int = 100, faults: Sequence[Check] = ()) -> StoresState:
    return StoresState(head, consumers or (Consumer(),), faults, silent=STORES)


def test_where_all_is_well_every_part_is_named(clock: Clock) -> None:
    checks = ready(clock).judge(WELL, stores())

    assert [(one.part, one.state) for one in checks] == [
        ("broker", "ok"),
        ("ingest", "ok"),
        ("journal", "ok"),
        ("incidents", "ok"),
    ]


@pytest.mark.parametrize(
    ("bus", "sentence"),
    [
        (BusState(is_connected=False, silent_s=0), "no connection to the broker"),
        (BusState(is_connected=True, silent_s=40), "has acknowledged nothing for 40 s"),
    ],
)
def test_a_broker_that_is_away_or_stands_still(clock: Clock, bus: BusState, sentence: str) -> None:
    found = wrong(ready(clock).judge(bus, stores()))

    assert found["broker"][0] == "failed"
    assert sentence in found["broker"][1]


def test_an_ingest_that_is_not_heard(clock: Clock) -> None:
    readiness = ready(clock)
    clock.now += 30
    readiness.take_ingest_status(status(position=100))  # the same again, as a broker retains it
    assert "Nothing was received from ingest for 30 s" in wrong(readiness.judge(WELL, stores()))["ingest"][1]

    readiness.take_ingest_status(status(position=101))
    assert wrong(readiness.judge(WELL, stores())) == {}


@pytest.mark.parametrize("payload", [b"", b"no JSON", b"[]", b"\xff"])
def test_what_ingest_does_not_say_is_no_sign_of_life(clock: Clock, payload: bytes) -> None:
    readiness = ready(clock)
    clock.now += 30
    readiness.take_ingest_status(payload)

    assert "ingest" in wrong(readiness.judge(WELL, stores()))


def test_an_ingest_that_cannot_write(clock: Clock) -> None:
    readiness = ready(clock)
    readiness.take_ingest_status(status(state="cannot write: No space left on device"))

    assert wrong(readiness.judge(WELL, stores()))["ingest"] == (
        "failed",
        "Ingest takes nothing in: cannot write: No space left on device.",
    )


def test_a_journal_that_does_not_answer(clock: Clock) -> None:
    found = wrong(ready(clock).judge(WELL, "connection refused"))

    assert found == {"journal": ("failed", "The journal cannot be read: connection refused")}


def test_a_gateway_that_reads_another_journal_than_ingest_writes(clock: Clock) -> None:
    found = wrong(ready(clock).judge(WELL, stores(Consumer(position=0), head=0)))

    assert "it is another one" in found["journal"][1]


def test_a_gateway_without_a_journal_waits_a_moment_for_an_ingest_that_begins_one(clock: Clock) -> None:
    nothing = StoresState(0, (), (), None, "/somewhere")
    begun = Readiness(_ingest_at=clock.now, _started_at=clock.now)
    assert begun.judge(WELL, nothing)[-1].state == "ok"
    clock.now += 30

    assert wrong(begun.judge(WELL, nothing))["journal"] == (
        "failed",
        "There is no journal in /somewhere: no ingest has begun one there. A gateway needs the data directory, or the"
        " server, of its ingest.",
    )


@pytest.mark.parametrize(("here", "is_missing"), [("abc", False), ("abd", True), (None, True)])
def test_the_journal_of_a_gateway_is_the_one_that_its_ingest_writes(
    clock: Clock, here: str | None, is_missing: bool
) -> None:
    """From the first word of ingest on."""
    begun = Readiness(_ingest_at=clock.now, _started_at=clock.now)
    begun.take_ingest_status(status(position=5, journal_id="abc"))
    found = wrong(begun.judge(WELL, StoresState(0 if here is None else 5, (), (), here)))

    assert ("journal" in found, begun.no_journal is not None) == (is_missing, is_missing)


def test_a_consumer_that_has_stopped(clock: Clock) -> None:
    stopped = Consumer(state="stopped", error="position 17, event e: KeyError: 'secret'")
    [check] = [one for one in ready(clock).judge(WELL, stores(stopped)) if one.state != "ok"]

    assert (check.part, check.state) == ("incidents", "failed")
    assert "KeyError: 'secret'" in check.detail
    assert "secret" not in check.public


def test_a_consumer_that_has_set_events_aside_limps(clock: Clock) -> None:
    readiness = ready(clock)
    found = wrong(readiness.judge(WELL, stores(Consumer(state="limping", lately=[SetAside()]))))

    assert found["incidents"][0] == "limping"
    assert "position 17: KeyError: 'x'" in found["incidents"][1]
    assert readiness.failed() == []


def pass_minutes(readiness: Readiness, clock: Clock, states: Sequence[StoresState]) -> tuple[Check, ...]:
    """Look every 10 s; the last answer."""
    checks: tuple[Check, ...] = ()
    for number, state in enumerate(states):
        readiness.take_ingest_status(status(position=number))
        checks = readiness.judge(WELL, state)
        clock.now += 10
    return checks


def test_a_gateway_that_stood_still_with_its_machine_does_not_say_so_of_others(clock: Clock) -> None:
    readiness, faults = ready(clock), FaultReporter("gateway", None)
    pass_minutes(readiness, clock, [stores(head=100 + 10 * n) for n in range(3)])
    clock.now += 125
    checks = readiness.judge(WELL, stores(head=200))
    report(readiness, faults)
    assert (wrong(checks), faults.faults) == ({}, ())

    pass_minutes(readiness, clock, [stores(head=200 + 10 * n) for n in range(8)])
    assert {one.part for one in readiness.failed()} == {"incidents"}


def test_a_consumer_that_makes_no_progress_while_the_journal_grows(clock: Clock) -> None:
    growing = [stores(Consumer(lag=10 * n), Consumer("health", 100 + 10 * n), head=100 + 10 * n) for n in range(9)]
    checks = pass_minutes(ready(clock), clock, growing)

    assert list(wrong(checks)) == ["incidents"]
    [standing] = [one for one in checks if one.is_unreported]
    assert "stands still at position 100 for 80 s" in standing.detail


def test_a_consumer_waits_for_a_journal_that_does_not_grow(clock: Clock) -> None:
    assert wrong(pass_minutes(ready(clock), clock, [stores()] * 20)) == {}


def test_a_rebuild_does_not_stand_still(clock: Clock) -> None:
    growing = [stores(Consumer(lag=10 * n, state="rebuilding"), head=100 + 10 * n) for n in range(9)]

    assert wrong(pass_minutes(ready(clock), clock, growing)) == {}


def test_a_consumer_that_falls_ever_further_behind_limps(clock: Clock) -> None:
    behind = [stores(Consumer(position=n, lag=30_000 + 10 * n), head=30_000 + 11 * n) for n in range(9)]
    found = wrong(pass_minutes(ready(clock), clock, behind))
    assert found["incidents"][0] == "limping"

    catching_up = [stores(Consumer(position=n, lag=30_000 - 10 * n), head=30_000 - 9 * n) for n in range(9)]
    assert wrong(pass_minutes(ready(clock), clock, catching_up)) == {}


def test_a_fault_that_the_journal_tells_of_is_named_once(clock: Clock) -> None:
    reported = [Check("edge-DEMO", "limping", "It does not run."), Check("incidents", "limping", "It set one aside.")]
    found = wrong(ready(clock).judge(WELL, stores(Consumer(lately=[SetAside()]), faults=reported)))

    assert found["edge-DEMO"] == ("limping", "It does not run.")
    assert "lately" in found["incidents"][1]


def reported_by_the_journal(faults: FaultReporter) -> list[Check]:
    """What was reported, as it comes back with the incidents of the hub."""
    return [Check(one.part, "limping", one.reason, one.kind) for one in faults.faults]


def test_rows_that_work_again_are_reported_so_although_the_journal_still_tells_of_the_fault(clock: Clock) -> None:
    readiness, faults = ready(clock), FaultReporter("gateway", None)
    stopped = Consumer("warehouse", state="stopped", error="Code 243: NOT_ENOUGH_SPACE")
    readiness.judge(WELL, stores(stopped))
    report(readiness, faults)
    [fault] = faults.faults
    assert "NOT_ENOUGH_SPACE" in fault.reason

    checks = readiness.judge(WELL, stores(Consumer("warehouse"), faults=reported_by_the_journal(faults)))
    report(readiness, faults)

    assert faults.faults == ()
    assert [(one.part, one.state) for one in checks if one.part == "warehouse"] == [("warehouse", "limping")]


@pytest.mark.parametrize("cause", [Check("disk", "limping", "It is full.", "storage_unwritable"), None])
def test_consumers_that_stand_still_for_one_cause_are_told_as_that_cause(clock: Clock, cause: Check | None) -> None:
    readiness, faults = ready(clock), FaultReporter("gateway", None)
    consumers = (Consumer("incidents"), Consumer("health"))
    growing = [stores(*consumers, head=100 + 10 * n, faults=[cause] if cause else []) for n in range(9)]
    pass_minutes(readiness, clock, growing)
    report(readiness, faults)

    assert {one.part for one in readiness.failed()} == {"incidents", "health"}
    assert {fault.part for fault in faults.faults} == (set() if cause else {"incidents", "health"})


def test_many_consumers_that_stand_still_are_one_fault_until_they_go_on(clock: Clock) -> None:
    readiness, faults = ready(clock), FaultReporter("gateway", None)
    names = ("alerting", "health", "motion", "holds", "exports", "audio")
    pass_minutes(readiness, clock, [stores(*map(Consumer, names), head=100 + 10 * n) for n in range(9)])
    report(readiness, faults)
    [fault] = faults.faults
    assert (fault.part, fault.kind) == ("consumers", "system_error")
    assert fault.reason.startswith("6 consumers stand still: alerting, health, motion, holds, exports, audio. The ")

    moved = [Consumer(name, position=200 + n) for n, name in enumerate(names[1:])]
    pass_minutes(readiness, clock, [stores(Consumer("alerting"), *moved, head=300)])
    report(readiness, faults)

    assert [fault.part for fault in faults.faults] == ["alerting"]


def test_many_consumers_that_could_not_be_looked_at_are_not_reported_as_mended(clock: Clock) -> None:
    readiness, faults = ready(clock), FaultReporter("gateway", None)
    consumers = [Consumer(f"consumer-{number}") for number in range(6)]
    pass_minutes(readiness, clock, [stores(*consumers, head=100 + 10 * n) for n in range(9)])
    report(readiness, faults)
    readiness.judge(WELL, "connection refused")
    report(readiness, faults)
    readiness.judge(WELL, stores(*consumers, head=300))
    report(readiness, faults)

    assert [fault.part for fault in faults.faults] == ["consumers"]


def test_a_consumer_that_could_not_be_looked_at_is_not_reported_as_mended(clock: Clock) -> None:
    readiness, faults = ready(clock), FaultReporter("gateway", None)
    readiness.judge(WELL, stores(Consumer("warehouse", state="stopped", error="Code 243: NOT_ENOUGH_SPACE")))
    report(readiness, faults)

    readiness.judge(WELL, "connection refused")
    report(readiness, faults)

    assert [fault.part for fault in faults.faults] == ["warehouse"]


NAMES = st.sampled_from(["broker", "ingest", "journal", "disk", "warehouse", "incidents", "edge-DEMO"])
STATES = st.sampled_from(["running", "limping", "stopped", "rebuilding", "behind"])
CHECKS = st.builds(Check, NAMES, st.sampled_from(["limping", "failed"]), st.just("It does not run."))


@given(
    consumers=st.lists(st.builds(Consumer, name=NAMES, state=STATES), unique_by=lambda one: one.name),
    faults=st.lists(CHECKS),
    connected=st.booleans(),
)
def test_no_part_stands_twice_and_each_as_it_is_worst(
    consumers: list[Consumer], faults: list[Check], connected: bool
) -> None:
    readiness = Readiness()
    checks = readiness.judge(BusState(connected, 0.0), StoresState(100, consumers, faults))

    rank: dict[State, int] = {"ok": 0, "limping": 1, "failed": 2}
    assert len({one.part for one in checks}) == len(checks)
    shown = {one.part: rank[one.state] for one in checks}
    for one in [*readiness.observed, *faults]:
        assert shown[one.part] >= rank[one.state]
    assert set(checks) <= {*readiness.observed, *faults}


def test_a_gateway_that_has_just_begun_says_of_nobody_that_he_is_silent(clock: Clock) -> None:
    begun = Readiness(_ingest_at=clock.now, _started_at=clock.now)
    clock.now += 15

    assert wrong(begun.judge(WELL, stores())) == {}
