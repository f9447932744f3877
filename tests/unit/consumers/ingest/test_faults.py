"""Faults of the hub: what processes report again and again becomes one event when it begins and one when it is over."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.hub import PROCESS_SILENT_AFTER_S, Fault, OpenFault
from bus_schemas.protocol import ProcessFaults
from bus_schemas.topics import faults_topic
from consumers.ingest.faults import CLEAR_AFTER_S, ENDED_FORGOTTEN_AFTER_S, FaultTracker
from tests.builders import START, at


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Hub:
    """A tracker, and a journal that takes what it says."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.file = directory / "faults.json"
        self.tracker = FaultTracker(self.clock, self.file)
        self.monotonic = 1000.0
        self.journal: list[Fault] = []

    def report(self, process: str, *faults: OpenFault, ended: bool = False, run: str | None = None) -> None:
        report = ProcessFaults(process=process, time=self.clock(), run=run, ended=ended, faults=faults)
        assert self.tracker.take(faults_topic(process), report.model_dump_json().encode()) is None

    def go_on(self, seconds: float) -> None:
        """Time passes in the small steps of a loop that hears the bus; what changed is written."""
        for _ in range(round(seconds / 0.5)):
            self.monotonic += 0.5
            self.clock.go_on(0.5)
            self.tracker.pass_time(self.monotonic)
            self.write()

    def write(self) -> None:
        for fault in self.tracker.changes():
            self.journal.append(fault)
            self.tracker.wrote(fault)

    def reported(self) -> list[tuple[str, str]]:
        return [(fault.part, fault.state) for fault in self.journal]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def fault(part: str = "incidents", since: datetime = START) -> OpenFault:
    return OpenFault(part=part, kind="system_error", since=since, reason="It stopped.")


def test_a_fault_that_is_reported_again_and_again_is_told_once_and_cleared_once(hub: Hub) -> None:
    for _ in range(5):
        hub.report("alerts", fault())
        hub.go_on(5)
    for _ in range(5):
        hub.report("alerts")
        hub.go_on(5)

    assert hub.reported() == [("incidents", "raised"), ("incidents", "cleared")]
    assert {each.since for each in hub.journal} == {START}


def test_one_disk_that_several_processes_cannot_write_is_one_fault(hub: Hub) -> None:
    hub.report("alerts", fault("disk", at(3)))
    hub.report("mosaics", fault("disk", at(1)))
    hub.go_on(1)
    hub.report("mosaics")
    hub.go_on(CLEAR_AFTER_S + 1)

    assert [(each.part, each.state, each.since) for each in hub.journal] == [("disk", "raised", at(1))]
    hub.report("alerts")
    hub.go_on(CLEAR_AFTER_S + 1)
    assert hub.reported() == [("disk", "raised"), ("disk", "cleared")]


def test_a_fault_that_comes_and_goes_is_one_fault(hub: Hub) -> None:
    for _ in range(10):
        hub.report("alerts", fault())
        hub.go_on(1)
        hub.report("alerts")
        hub.go_on(1)

    assert hub.reported() == [("incidents", "raised")]


def test_a_process_that_falls_silent_is_a_fault_until_it_reports_again(hub: Hub) -> None:
    hub.report("mosaics")
    hub.go_on(PROCESS_SILENT_AFTER_S + 1)
    assert hub.reported() == [("mosaics", "raised")]

    hub.report("mosaics")
    hub.go_on(CLEAR_AFTER_S + 1)
    assert hub.reported() == [("mosaics", "raised"), ("mosaics", "cleared")]


def test_a_process_that_says_goodbye_may_be_silent(hub: Hub) -> None:
    hub.report("mosaics", ended=True)
    hub.go_on(5 * PROCESS_SILENT_AFTER_S)

    assert hub.reported() == []


def test_a_process_that_said_goodbye_before_ingest_ended_may_stay_away(hub: Hub, tmp_path: Path) -> None:
    hub.report("mosaics")
    hub.report("mosaics", ended=True)
    again = Hub(tmp_path)
    again.tracker.load()
    again.go_on(5 * PROCESS_SILENT_AFTER_S)

    assert again.reported() == []


def test_while_nobody_can_be_heard_nobody_is_silent(hub: Hub) -> None:
    hub.report("mosaics")
    hub.go_on(10)
    hub.tracker.lost_contact()
    hub.monotonic += 600
    hub.go_on(10)

    assert hub.reported() == []


def test_a_restart_of_ingest_neither_raises_nor_clears(hub: Hub, tmp_path: Path) -> None:
    hub.report("alerts", fault())
    hub.go_on(1)
    again = Hub(tmp_path)
    again.tracker.load()
    again.go_on(PROCESS_SILENT_AFTER_S - 1)
    assert again.reported() == []

    again.report("alerts")
    again.go_on(CLEAR_AFTER_S + 1)
    assert again.reported() == [("incidents", "cleared")]


def test_a_restart_of_the_process_that_reported_it_neither_raises_nor_clears(hub: Hub) -> None:
    hub.report("alerts", fault(), run="one")
    hub.go_on(20)
    for _ in range(8):
        hub.report("alerts", run="two")
        hub.go_on(10)
    hub.report("alerts", fault(since=hub.clock()), run="two")
    hub.go_on(20)

    assert hub.reported() == [("incidents", "raised")]


def test_a_stop_of_everything_neither_raises_nor_clears(hub: Hub, tmp_path: Path) -> None:
    hub.report("alerts", fault(), run="one")
    hub.go_on(20)
    hub.report("alerts", fault(), run="one", ended=True)
    again = Hub(tmp_path)
    again.tracker.load()
    for _ in range(3):
        again.report("alerts", run="two")
        again.go_on(10)
    again.report("alerts", fault(), run="two")
    again.go_on(20)

    assert again.reported() == []


def test_what_a_process_finds_nothing_of_after_its_restart_is_over_in_the_end(hub: Hub) -> None:
    hub.report("alerts", fault(), run="one")
    hub.go_on(10)
    for _ in range(12):
        hub.report("alerts", run="two")
        hub.go_on(10)

    assert hub.reported() == [("incidents", "raised"), ("incidents", "cleared")]


def test_what_a_process_has_found_itself_is_over_when_it_says_so(hub: Hub) -> None:
    hub.report("alerts", fault(), run="one")
    hub.go_on(10)
    hub.report("alerts", fault(), run="two")
    hub.go_on(1)
    hub.report("alerts", run="two")
    hub.go_on(CLEAR_AFTER_S + 1)

    assert hub.reported() == [("incidents", "raised"), ("incidents", "cleared")]


def test_nobody_waits_for_what_a_process_knows_that_is_gone(hub: Hub) -> None:
    hub.report("alerts", fault(), run="one")
    hub.go_on(10)
    hub.report("alerts", run="two", ended=True)
    hub.go_on(ENDED_FORGOTTEN_AFTER_S + 10)

    assert hub.reported() == [("incidents", "raised"), ("incidents", "cleared")]


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"written": [{"part": "a b"}]}'])
def test_without_its_file_the_journal_says_which_faults_are_open(hub: Hub, content: bytes | None) -> None:
    if content is not None:
        hub.file.write_bytes(content)
    raised, over = (Fault(**dict(fault(part)), state="raised") for part in ("alerts", "mosaics"))
    hub.tracker.load([raised, over, over.model_copy(update={"state": "cleared"})])
    hub.go_on(CLEAR_AFTER_S + 1)

    assert hub.reported() == [("alerts", "cleared")]


def test_what_ingest_could_not_write_is_told_afterwards_with_the_moment_at_which_it_began(hub: Hub) -> None:
    hub.tracker.raise_own("journal", "database_error", "It is away.")
    hub.clock.go_on(40)
    hub.tracker.raise_own("journal", "database_error", "It is still away.")
    hub.tracker.clear_own("journal", "database_error")
    hub.write()

    assert hub.reported() == [("journal", "raised"), ("journal", "cleared")]
    assert hub.journal[0].since == START


def test_what_was_over_at_once_is_not_told(hub: Hub) -> None:
    hub.tracker.raise_own("broker", "system_error", "It is being restarted.")
    hub.go_on(1)
    hub.tracker.clear_own("broker", "system_error")
    hub.go_on(10)

    assert hub.reported() == []


def test_a_fault_that_began_before_the_clock_was_set_back_is_told(hub: Hub) -> None:
    hub.tracker.raise_own("broker", "system_error", "It does not answer.")
    hub.clock.go_on(-3600)
    hub.go_on(10)

    assert hub.reported() == [("broker", "raised")]


def test_a_standstill_of_ingest_is_told_when_it_is_over(hub: Hub) -> None:
    hub.tracker.note_standstill(67)
    hub.write()

    assert hub.reported() == [("ingest", "raised"), ("ingest", "cleared")]
    assert hub.journal[0].since == START - timedelta(seconds=67)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (faults_topic("alerts"), b"\xff", "not a report"),
        (faults_topic("alerts"), b'{"process": "a", "time": "1e400"}', "not a report"),
        (faults_topic("alerts"), b'{"process": "mosaics", "time": "2026-01-05T10:00:00Z"}', "does not belong"),
    ],
)
def test_what_is_no_report_changes_nothing(hub: Hub, topic: str, payload: bytes, reason: str) -> None:
    hub.report("alerts", fault())
    hub.go_on(1)
    assert reason in (hub.tracker.take(topic, payload) or "")
    hub.go_on(CLEAR_AFTER_S + 1)

    assert hub.reported() == [("incidents", "raised")]
