"""Mutes: what happens in one alerts nobody, is counted and listed, and is said when the mute ends while it lasts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import AlertEvent
from bus_schemas.event import Event, iso
from consumers.alerting.incidents.questions import IncidentFilter, IncidentRow, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.mutes import MuteFilter, mute_in_force, mutes
from consumers.alerting.review.mutes import mute as mute_of
from tests.builders import at, fault, frame, mute, thermal, tick
from tests.following import Followed

LONG = {"end": iso(at(600))}
DEVICE = ("DEMO", "yard")


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Followed]:
    with Followed(AlertingProjection(), tmp_path) as it:
        yield it


def frozen(start: int = 0, end: int = 31, **given: Any) -> Sequence[Event]:
    return [frame(at(second), freeze=True, **given) for second in range(start, end)]


def states(alerting: Followed) -> list[str]:
    return [event.data.state for event in alerting.emitted() if isinstance(event, AlertEvent)]


def newest(alerting: Followed) -> IncidentRow:
    return incidents(alerting.view)[0]


def test_a_mute_withholds_the_alert_of_an_incident_which_is_counted_and_listed(alerting: Followed) -> None:
    alerting.take(mute(at(0), **LONG), *frozen())

    assert states(alerting) == []
    assert (newest(alerting)["suppressed"], newest(alerting)["mute_id"]) == ("mute", "mute-1")
    [placed] = mutes(alerting.view, MuteFilter("DEMO"))
    assert (placed.withheld, placed.reason, placed.by) == (1, "The lens is cleaned.", "ada")
    assert [one["device"] for one in incidents(alerting.view, only=IncidentFilter(mute_id="mute-1"))] == ["yard"]


@pytest.mark.parametrize(
    "other", [{"devices": ("gate",)}, {"types": ("blackscreen",)}, {"site": "OTHER"}, {"start": iso(at(100))}]
)
def test_a_mute_holds_for_its_devices_its_types_its_site_and_its_time_alone(
    alerting: Followed, other: dict[str, Any]
) -> None:
    alerting.take(mute(at(0), **{**LONG, **other}), *frozen())

    assert states(alerting) == ["raised"]


def test_what_is_still_the_case_when_a_mute_ends_by_itself_is_raised_then(alerting: Followed) -> None:
    alerting.take(mute(at(0), end=iso(at(60))), *frozen(0, 59), tick(at(59)))
    before = states(alerting)
    alerting.take(tick(at(60)))

    assert before == []
    assert states(alerting) == ["raised"]
    assert (newest(alerting)["suppressed"], newest(alerting)["mute_id"]) == (None, None)


def test_a_mute_that_holds_is_found_behind_many_that_were_ended(alerting: Followed) -> None:
    long = {"start": iso(at(0)), "end": iso(at(9000))}
    for number in range(3):
        said = {"mute_id": f"ended-{number}", **long}
        alerting.take(mute(at(0), **said), mute(at(1), "ended", **said))
    alerting.take(mute(at(2), **LONG))
    now = at(3).timestamp()

    assert [one.mute_id for one in mutes(alerting.view, MuteFilter(over=False, now=now), limit=2)] == ["mute-1"]
    over = mutes(alerting.view, MuteFilter(over=True, now=now))
    assert [one.mute_id for one in over] == ["ended-0", "ended-1", "ended-2"]


def test_what_is_over_when_a_mute_ends_was_never_raised_and_stays_listed(alerting: Followed) -> None:
    alerting.take(mute(at(0), end=iso(at(60))), *frozen())
    alerting.take(*(frame(at(second)) for second in range(31, 45)), tick(at(70)))

    assert states(alerting) == []
    assert (newest(alerting)["state"], newest(alerting)["suppressed"]) == ("closed", "mute")


def test_a_mute_that_is_ended_early_lets_alerts_through_again(alerting: Followed) -> None:
    alerting.take(mute(at(0), **LONG), *frozen())
    alerting.take(mute(at(40), "ended", by="eve", reason="Done.", **{**LONG, "start": iso(at(0))}), tick(at(45)))

    assert states(alerting) == ["raised"]
    ended = mute_of(alerting.view, "mute-1")
    assert ended is not None
    assert (ended.by, ended.reason, ended.ended_by, ended.ended) == (
        "ada", "The lens is cleaned.", "eve", at(40).timestamp(),
    )  # fmt: skip
    assert ended.is_over(at(41).timestamp())


def test_an_alert_from_before_a_mute_is_cleared_in_it(alerting: Followed) -> None:
    alerting.take(*frozen(), mute(at(31), **LONG), *(frame(at(second)) for second in range(32, 45)))

    assert states(alerting) == ["raised", "cleared"]


def test_what_grows_worse_in_a_mute_is_raised_once_more_when_it_ends(alerting: Followed) -> None:
    alerting.take(thermal(at(0), hottest=76.0), mute(at(1), end=iso(at(60))))
    alerting.take(thermal(at(2), hottest=99.0), tick(at(3)))
    before = states(alerting)
    alerting.take(tick(at(60)))

    assert before == ["raised"]
    assert states(alerting) == ["raised", "raised"]


def test_a_cool_down_goes_on_behind_a_mute(alerting: Followed) -> None:
    good = [frame(at(second)) for second in range(31, 40)]
    alerting.take(*frozen(), *good, mute(at(40), end=iso(at(90))), *frozen(40, 89), tick(at(95)))
    in_cool_down = newest(alerting)["suppressed"]
    alerting.take(tick(at(331)))

    assert in_cool_down == "cool_down"
    assert states(alerting) == ["raised", "cleared", "raised"]


def test_a_fault_of_the_hub_is_muted_at_the_hub(alerting: Followed) -> None:
    alerting.take(mute(at(0), site="_hub", **LONG), fault(at(1)))

    assert states(alerting) == []


def test_a_mute_is_answered_as_of_any_position(alerting: Followed) -> None:
    before = alerting.journal.head()
    alerting.take(mute(at(0), **LONG))

    assert mute_in_force(alerting.view, DEVICE, "freeze", at(1).timestamp(), before) is None
    assert mute_in_force(alerting.view, DEVICE, "freeze", at(1).timestamp()) == "mute-1"
    assert mutes(alerting.view, upto=before) == []
