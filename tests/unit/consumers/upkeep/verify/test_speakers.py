"""What a check finds in a journal from before ingest asked who says what."""

from pathlib import Path

import pytest

from bus_schemas.event import GATEWAY, Event, device_source
from consumers.engine.findings import Findings
from consumers.store.journal.files import SqliteStore
from consumers.upkeep.verify.run import check
from consumers.upkeep.verify.speakers import check_speakers
from tests import builders
from tests.builders import DEVICE, SITE, at
from tests.data_directory import NOTHING, hub_of, minutes, write


def found(data: Path, *events: Event) -> Findings:
    write(data, [(at(number), event) for number, event in enumerate(events)], configured=NOTHING)
    return check_speakers(SqliteStore(data / "journal"))


def test_a_journal_in_which_all_speak_for_themselves_is_as_it_should_be(tmp_path: Path) -> None:
    reported = minutes()
    write(tmp_path, reported.events, reported.payloads, NOTHING)

    findings = check_speakers(SqliteStore(tmp_path / "journal"))

    assert findings.count == 0
    assert findings.notes == [f"{len(reported.events):,} events are said by who may say them"]


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (
            builders.alert(state="acknowledged", by="admin", source=device_source(SITE, DEVICE)),
            "the hub or the gateway",
        ),
        (builders.retention(source=device_source(SITE, DEVICE)), "only the hub may send"),
        (builders.command(state="asked"), "only the gateway may send"),
        (builders.incident(site="OTHER", source=device_source(SITE, "_hub")), "may send nothing about OTHER/yard"),
        (builders.frame(media=("DEMO/cellar/capture/x",)), "not a medium of /sites/DEMO/devices/yard"),
    ],
)
def test_an_event_that_the_door_refuses_today_is_found_with_its_position(
    tmp_path: Path, forged: Event, reason: str
) -> None:
    findings = found(tmp_path, builders.frame(), forged, builders.frame())

    assert findings.count == 1
    assert findings.faults[0].startswith(f"the event at position 2 ({forged.id}): ")
    assert reason in findings.faults[0]


def test_what_the_gateway_said_under_the_name_of_the_hub_is_noted_and_no_fault(tmp_path: Path) -> None:
    before = builders.alert(state="acknowledged", by="ada")
    now = builders.alert(state="acknowledged", by="ada", source=device_source(SITE, GATEWAY))

    findings = found(tmp_path, before, now)

    assert findings.count == 0
    assert findings.notes[0].startswith("1 events are the gateway's under the name _hub")


def test_it_is_checked_where_no_part_is_named(tmp_path: Path) -> None:
    write(tmp_path, [(at(0), builders.incident(source=device_source(SITE, DEVICE)))], configured=NOTHING)

    parts = {one.part: one.count for one in check((), hub_of(tmp_path), lambda part, done, of: None)}

    assert parts["speakers"] == 1
