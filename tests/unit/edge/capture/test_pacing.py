"""Things that are done every so often."""

from datetime import UTC, datetime, timedelta

from edge.capture.pacing import Every, per_second

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_five_frames_a_second_are_thinned_to_one() -> None:
    every = Every(1.0)

    assert [n for n in range(20) if every.due(after(n / 5))] == [0, 5, 10, 15]


def test_jitter_does_not_add_up() -> None:
    every = Every(1.0)

    assert [s for s in (0, 0.6, 1.1, 1.9, 2.05, 3.3, 4.0) if every.due(after(s))] == [0, 1.1, 2.05, 3.3, 4.0]


def test_what_came_too_late_is_not_made_up_for() -> None:
    every = Every(1.0)

    assert [s for s in (0, 60, 60.1, 60.9, 61) if every.due(after(s))] == [0, 60, 61]


def test_a_clock_that_goes_back_starts_anew() -> None:
    every = Every(1.0)

    assert [every.due(after(s)) for s in (3600, 0, 0.5, 1)] == [True, True, False, True]


def test_a_rate_of_nothing_is_never() -> None:
    assert per_second(0) is None
