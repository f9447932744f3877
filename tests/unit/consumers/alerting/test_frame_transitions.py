"""What frames show: a fault begins and ends by the frames of a window, as the tables in `docs/alerting.md` say."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.alert import AlertEvent
from bus_schemas.event import Event, iso
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from tests.alerting_steps import AGENT, emitted, frames, raised, take, ticks
from tests.builders import at, frame, thermal
from tests.examples import examples
from tests.following import Followed, hub_in

Spans = Sequence[tuple[int, int]]


# What frames show

BAD = {
    "blackscreen": {"blackscreen": True},
    "freeze": {"freeze": True},
    "corrupt_rows": {"corrupt_rows": True},
    "macroblocks": {"macroblocks": True},
    "audio_loss": {"audio": False},
}


GOOD = {"corrupt_rows": False, "macroblocks": False}


@pytest.mark.parametrize("fps", [1, 2, 5, 15])
@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_minute_of_trouble_is_one_incident_of_a_minute_at_every_rate(
    followed: Followed, kind: str, fps: float
) -> None:
    bad = {**GOOD, **BAD[kind]}
    take(followed, *frames(0, 40, fps, **GOOD), *frames(40, 100, fps, **bad), *frames(100, 200, fps, **GOOD))

    [found] = incidents(followed.view)
    assert (found["type"], found["opened"], found["duration_s"]) == (kind, "2026-01-05T10:00:40.000Z", 60.0)
    assert [state for _, _, state in raised(followed)] == ["raised", "cleared"]


@pytest.mark.thorough
@examples(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(BAD)),
    fps=st.sampled_from([1, 2, 5]),
    lasts_s=st.integers(31, 120),
    good=st.sets(st.integers(0, 119), max_size=4),
)
def test_single_good_frames_within_and_good_frames_behind_a_fault_open_no_second_one(
    kind: str, fps: int, lasts_s: int, good: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    hub = hub_in(tmp_path_factory.mktemp("run"))
    with Followed(AlertingProjection(), hub.data) as followed:
        bad = frames(0, lasts_s, fps, **BAD[kind])
        bad = [one for number, one in enumerate(bad) if number // fps not in good or number % fps]
        take(followed, *bad, *frames(lasts_s, lasts_s + 90, fps))

        assert [one["type"] for one in incidents(followed.view)] == [kind]


def test_a_good_frame_opens_nothing_whatever_the_window_holds(followed: Followed) -> None:
    take(followed, *frames(0, 27, blackscreen=True), *frames(27, 60))

    assert emitted(followed) == []


def test_a_single_bad_frame_after_a_fault_that_is_over_opens_nothing(followed: Followed) -> None:
    take(
        followed, *frames(0, 60, blackscreen=True), *frames(60, 66), *frames(66, 67, blackscreen=True), *frames(67, 90)
    )

    assert emitted(followed) == [("yard", "blackscreen", "opened"), ("yard", "blackscreen", "closed")]


def test_frames_that_nobody_could_judge_neither_end_nor_raise_anything(followed: Followed) -> None:
    blank: dict[str, Any] = {"blackscreen": None, "freeze": None, "audio": None}
    take(followed, *frames(0, 40, freeze=True), *frames(40, 80, **blank))

    assert emitted(followed) == [("yard", "freeze", "opened")]


def test_frames_that_nobody_can_judge_make_a_device_unknown_also_after_its_clock_was_set_back(
    followed: Followed,
) -> None:
    blank: dict[str, Any] = {"blackscreen": None, "freeze": None, "audio": None}
    take(followed, *frames(7200, 7260), *frames(7260, 7265, **blank))
    before = conditions(followed.view)["DEMO", "yard"].condition
    take(followed, *frames(0, 60, **blank))

    assert (before, conditions(followed.view)["DEMO", "yard"].condition) == ("ok", "unknown")


def test_a_restart_of_the_agent_neither_ends_nor_raises_a_freeze_that_goes_on(followed: Followed) -> None:
    blank: dict[str, Any] = {"blackscreen": None, "freeze": None, "audio": None}
    take(followed, *frames(0, 40, freeze=True), *frames(80, 84, **blank), *frames(84, 140, freeze=True))
    assert emitted(followed) == [("yard", "freeze", "opened")]

    take(followed, *frames(140, 160))
    [found] = incidents(followed.view)
    assert (found["state"], found["duration_s"]) == ("closed", 140.0)


def test_the_next_freeze_after_a_black_screen_needs_its_whole_window(followed: Followed) -> None:
    take(followed, *frames(0, 20), *frames(20, 40, blackscreen=True), *frames(40, 65, freeze=True))
    assert emitted(followed) == []

    take(followed, *frames(65, 75, freeze=True))
    assert emitted(followed) == [("yard", "freeze", "opened")]


def test_a_fault_that_counts_before_another_ends_it_when_it_opens(followed: Followed) -> None:
    take(followed, *frames(0, 60, freeze=True), *frames(60, 120, freeze=True, blackscreen=True), *frames(120, 140))

    assert emitted(followed) == [
        ("yard", "freeze", "opened"), ("yard", "blackscreen", "opened"), ("yard", "freeze", "closed"),
        ("yard", "blackscreen", "closed"),
    ]  # fmt: skip
    black, frozen = incidents(followed.view)
    assert (black["opened"], black["duration_s"]) == (frozen["closed"], 60.0)
    assert frozen["duration_s"] == 60.0
    [over] = [one["cleared_message"] for one in alerts(followed.view) if one["type"] == "freeze"]
    assert over == "Camera yard shows a black screen now, after 60 seconds of another fault"


def test_a_fault_that_counts_before_another_leaves_it_alone_until_it_opens(followed: Followed) -> None:
    take(followed, *frames(0, 60, freeze=True), *frames(60, 70, freeze=True, blackscreen=True))
    take(followed, *frames(70, 80, freeze=True))

    assert emitted(followed) == [("yard", "freeze", "opened")]


def failing(picture: Spans, sound: Spans, of: str = "blackscreen") -> list[Event]:
    """300 s of frames, of which the picture fails in some seconds and the sound in others."""

    def holds(second: int, spans: Spans) -> bool:
        return any(first <= second < last for first, last in spans)

    return [
        frame(at(second), **AGENT, **{of: holds(second, picture)}, audio=not holds(second, sound))
        for second in range(300)
    ]


CAUSES: dict[str, tuple[Spans, Spans, list[tuple[str, int]]]] = {
    "picture and sound fail and return together": ([(60, 160)], [(60, 160)], [("picture", 60)]),
    "the sound fails a little before the picture": ([(68, 160)], [(60, 160)], [("picture", 68)]),
    "the sound fails a little after the picture": ([(60, 160)], [(68, 160)], [("picture", 60)]),
    "the sound returns before the picture": ([(60, 160)], [(60, 120)], [("picture", 60)]),
    "the sound is still missing when the picture is back": ([(60, 160)], [(60, 220)], [("picture", 60), ("sound", 60)]),
    "the sound failed long before the picture": ([(120, 220)], [(60, 220)], [("sound", 60), ("picture", 120)]),
    "the sound fails long after the picture": ([(60, 220)], [(120, 220)], [("picture", 60), ("sound", 120)]),
    "the sound fails once more while the picture does": (
        [(60, 260)], [(60, 110), (150, 260)], [("picture", 60), ("sound", 150)],
    ),
    "the picture fails for too short a time to be an incident": ([(60, 75)], [(60, 160)], [("sound", 60)]),
    "only the sound fails": ([], [(60, 160)], [("sound", 60)]),
    "only the picture fails": ([(60, 160)], [], [("picture", 60)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["blackscreen", "freeze"])
@pytest.mark.parametrize("name", sorted(CAUSES))
def test_picture_and_sound_that_fail_together_have_one_cause_and_one_alert(
    followed: Followed, name: str, kind: str
) -> None:
    picture, sound, expected = CAUSES[name]
    take(followed, *ticks(0, 300), *failing(picture, sound, kind))

    names = {"picture": kind, "sound": "audio_loss"}
    found = [(one["type"], one["opened"], one["state"]) for one in reversed(incidents(followed.view))]
    assert sorted(found) == sorted((names[what], iso(at(since)), "closed") for what, since in expected)
    assert sorted(raised(followed)) == sorted(
        ("yard", names[what], state) for what, _ in expected for state in ("raised", "cleared")
    )


def test_the_alert_of_the_picture_says_that_the_sound_is_missing_too(followed: Followed) -> None:
    take(followed, *failing([(60, 160)], [(62, 160)]))

    [said] = [
        event.data for event in followed.emitted() if isinstance(event, AlertEvent) and event.data.state == "raised"
    ]
    assert said.message == "Camera yard shows a black screen, and its sound is missing"
    assert said.details["without_sound"] is True


def test_an_outage_of_the_agent_makes_no_second_alert_of_one_cause(followed: Followed) -> None:
    lost: dict[str, Any] = {"blackscreen": True, "audio": False}
    take(followed, *frames(0, 60, **lost), *frames(150, 240, **lost))

    assert emitted(followed) == [("yard", "blackscreen", "opened")]


def test_a_hot_spot_lasts_until_the_first_cool_frame(followed: Followed) -> None:
    hot = [thermal(at(second), hottest=97.0 if second < 20 else 30.0) for second in range(60)]
    take(followed, *hot)

    [found] = incidents(followed.view)
    assert (found["type"], found["duration_s"]) == ("hot_spot", 20.0)
