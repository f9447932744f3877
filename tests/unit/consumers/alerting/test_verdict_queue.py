"""What one event decides on many devices of a busy hub."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bus_schemas.alert import AlertEvent
from bus_schemas.event import Event
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.hub import BUSY_EVENTS
from consumers.alerting.incidents.verdict_queue import VERDICTS_AT_ONCE
from consumers.alerting.projection import AlertingProjection
from consumers.engine.follower import Follower
from consumers.engine.rebuild.compare import compare, verify
from consumers.hub_config import HubConfig
from tests.builders import at, frame, media, registry, rules, state, thermal, tick
from tests.following import Followed
from tests.incident_reports import reported

SILENT = tuple(f"silent-{number:02}" for number in range(VERDICTS_AT_ONCE + 4))
EARLY, LATER = SILENT[:VERDICTS_AT_ONCE], SILENT[VERDICTS_AT_ONCE:]


def others(count: int, seconds: float) -> list[Event]:
    """Events of a device that says nothing new."""
    return [media(at(seconds), device="yard", epoch="e2") for _ in range(count)]


def until_silent(busy: bool = True) -> Sequence[Event]:
    """Twelve devices of an agent are silent since the start, one of it is not, and another device sends a lot."""
    sent = [frame(device=device, epoch="e1") for device in (*SILENT, "gate")]
    there = [frame(at(25), device="gate", epoch="e1"), frame(at(25), epoch="e2")]
    return [*sent, tick(at(26)), *there, *others(BUSY_EVENTS if busy else 1, 27), tick(at(31))]


def opened(devices: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(device, "offline", "opened") for device in devices]


def test_a_quiet_hub_enters_all_of_them_with_that_event(followed: Followed) -> None:
    followed.take(*until_silent(busy=False))

    assert reported(followed) == opened(SILENT)


def test_the_first_are_entered_at_once_and_each_later_event_brings_another(followed: Followed) -> None:
    followed.take(*until_silent())
    at_once = reported(followed)
    followed.take(*others(1, 31.1))
    one_later = reported(followed)
    followed.take(*others(9, 31.2))

    assert at_once == opened(EARLY)
    assert one_later == opened(SILENT[: VERDICTS_AT_ONCE + 1])
    assert reported(followed) == opened(SILENT)
    assert {where[1] for where, found in conditions(followed.view).items() if found.condition == "offline"} == {*SILENT}


def test_an_alert_of_another_device_does_not_wait_for_all_of_them(followed: Followed) -> None:
    followed.take(*until_silent(), thermal(at(31.1), hottest=97.0, device="oven", epoch="e3"), *others(9, 31.2))
    raised = [event.data.device for event in followed.emitted() if isinstance(event, AlertEvent)]

    assert raised == [*EARLY, LATER[0], "oven", *LATER[1:]]


def test_the_next_event_of_a_device_comes_behind_what_was_decided_on_it_before(followed: Followed) -> None:
    followed.take(*until_silent(), frame(at(31.1), device=LATER[2], epoch="e1"))

    back = (LATER[2], "offline", "closed")
    assert reported(followed) == [*opened([*EARLY, LATER[2], LATER[0]]), back]


@pytest.mark.parametrize(
    "following",
    [tick(at(36)), rules(at(32)), registry(at(32), device="oven", name="Oven"), registry(at(32), retired=True)],
    ids=["tick", "rules", "name", "retired"],
)
def test_nothing_waits_behind_the_next_tick_or_a_change_of_the_registry(followed: Followed, following: Event) -> None:
    followed.take(*until_silent(), following)

    assert reported(followed)[: len(SILENT)] == opened(SILENT)


def test_what_waits_is_entered_by_the_names_and_rules_of_its_decision(followed: Followed) -> None:
    followed.take(*until_silent(), registry(at(32), device=LATER[0], name="Another name"))
    said = {event.data.device: event.data.message for event in followed.emitted() if isinstance(event, AlertEvent)}

    assert said[LATER[0]] == f"Device {LATER[0]} is offline"


def test_a_last_will_that_takes_many_devices_with_it_holds_up_nobody_either(followed: Followed) -> None:
    gone = state(at(32), online=False, device=SILENT[0], epoch="e1", reason="connection lost")
    sent = [frame(at(25), device=device, epoch="e1") for device in SILENT]
    followed.take(*sent, tick(at(26)), frame(at(26), epoch="e2"), *others(BUSY_EVENTS, 27), tick(at(31)), gone)
    at_once = reported(followed)
    followed.take(*others(4, 33))

    assert at_once == [("agent-e1", "node_offline", "opened"), *opened(EARLY)]
    assert reported(followed) == [("agent-e1", "node_offline", "opened"), *opened(SILENT)]


def test_what_waits_is_there_after_a_restart(followed: Followed) -> None:
    followed.take(*until_silent())
    followed.follower.close()
    followed.follower = Follower(AlertingProjection(), followed.source)
    followed.take(*others(4, 31.1))

    assert reported(followed) == opened(SILENT)


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_however_the_events_are_batched_the_view_is_the_same(hub: HubConfig, tmp_path: Path, limit: int) -> None:
    back = [frame(at(31.2), device=LATER[1], epoch="e1")]
    events = [*until_silent(), *others(1, 31.1), *back, *others(1, 31.3), tick(at(36)), *others(1, 37)]
    other = tmp_path / "other"
    other.mkdir()
    with Followed(AlertingProjection(), hub.data) as one, Followed(AlertingProjection(), other) as two:
        one.journal.append(*events)
        two.journal.append(*events)
        one.catch_up()
        two.catch_up(limit)

        assert compare(one.view, two.view, AlertingProjection()) == []
        assert [event.id for event in one.emitted()] == [event.id for event in two.emitted()]


def test_a_view_in_which_verdicts_wait_equals_its_fold(followed: Followed) -> None:
    followed.take(*until_silent(), *others(1, 31.1))

    (waiting,) = followed.view.execute("select count(*) from verdict_queue").fetchone()
    assert waiting == 3
    assert verify(AlertingProjection(), followed.source) == []
