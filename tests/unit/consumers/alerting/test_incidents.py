"""Incidents of pictures and sound: each rule with the pitfalls that it fixes."""

from bus_schemas.event import Event
from consumers.alerting.incidents.questions import incidents
from tests.builders import at, frame
from tests.following import Followed
from tests.incident_reports import reported


def frozen(start: int, end: int, *, but: tuple[int, ...] = ()) -> list[Event]:
    """A frozen frame each second, except at the seconds in `but`."""
    return [frame(at(second), freeze=second not in but) for second in range(start, end)]


def test_a_freeze_with_single_good_frames_is_reported(followed: Followed) -> None:
    followed.take(*frozen(0, 61, but=(28, 56)))

    assert reported(followed) == [("yard", "freeze", "opened")]


def test_five_frozen_seconds_are_no_incident(followed: Followed) -> None:
    followed.take(*(frame(at(second)) for second in range(40)), *frozen(40, 45))
    followed.take(*(frame(at(second)) for second in range(45, 80)))

    assert reported(followed) == []


def test_one_good_frame_does_not_end_an_incident(followed: Followed) -> None:
    followed.take(*frozen(0, 40), frame(at(40)), *frozen(41, 45))

    assert reported(followed) == [("yard", "freeze", "opened")]


def test_an_incident_lasted_until_the_first_good_frame_and_is_told_of_when_it_stays_good(followed: Followed) -> None:
    followed.take(*frozen(0, 40), *(frame(at(second)) for second in range(40, 60)))

    assert reported(followed) == [("yard", "freeze", "opened"), ("yard", "freeze", "closed")]
    found = incidents(followed.view)[0]
    assert (found["opened"], found["closed"]) == ("2026-01-05T10:00:00.000Z", "2026-01-05T10:00:40.000Z")
    assert found["details"]["window_s"] == 30.0


def test_an_incident_names_the_events_that_decided(followed: Followed) -> None:
    frames = frozen(0, 31)
    followed.take(*frames)

    assert incidents(followed.view)[0]["causes"] == [frames[0].id, frames[30].id]


def test_frames_before_an_outage_do_not_count_after_it(followed: Followed) -> None:
    followed.take(*frozen(0, 29), *frozen(3600, 3610))

    assert reported(followed) == []


def test_a_clock_that_jumps_back_begins_a_new_window(followed: Followed) -> None:
    followed.take(*frozen(7200, 7210), *frozen(0, 29))

    assert reported(followed) == []
    assert reported(followed.take(*frozen(29, 32))) == [("yard", "freeze", "opened")]


def test_unknown_audio_is_not_a_loss(followed: Followed) -> None:
    followed.take(*(frame(at(second), audio=None) for second in range(60)))

    assert reported(followed) == []


def test_lost_audio_is_an_incident(followed: Followed) -> None:
    followed.take(*(frame(at(second), audio=False) for second in range(31)))

    assert reported(followed) == [("yard", "audio_loss", "opened")]


def test_a_freeze_does_not_hide_a_black_screen_which_is_told_of_alone(followed: Followed) -> None:
    followed.take(*(frame(at(second), freeze=True, blackscreen=True) for second in range(31)))

    assert reported(followed) == [("yard", "blackscreen", "opened")]


def test_a_black_screen_does_not_hide_that_the_picture_was_frozen_before(followed: Followed) -> None:
    followed.take(*(frame(at(second), freeze=True, blackscreen=second > 30) for second in range(62)))

    assert reported(followed) == [
        ("yard", "freeze", "opened"), ("yard", "blackscreen", "opened"), ("yard", "freeze", "closed"),
    ]  # fmt: skip
