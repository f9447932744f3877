"""When a source that failed is opened again."""

import pytest

from edge.capture.retry import retry_seconds


@pytest.mark.parametrize(
    ("silent_s", "worked_s", "expected"),
    [
        (0.0, 30.0, 0.0),
        (10.0, 3600.0, 0.0),
        (0.0, 0.0, 1.0),
        (0.0, 9.9, 1.0),
        (5.0, 0.0, 1.0),
        (40.0, 0.0, 4.0),
        (600.0, 0.0, 60.0),
        (86_400.0, 0.0, 60.0),
    ],
)
def test_a_wait_is_a_tenth_of_the_outage_and_none_after_a_stream_that_worked(
    silent_s: float, worked_s: float, expected: float
) -> None:
    assert all(0.8 * expected <= retry_seconds(silent_s, worked_s) <= 1.2 * expected for _ in range(50))


def hole(unplugged_s: float, attempt_s: float) -> float:
    """Until the first attempt that begins when the camera is there again, where each one before took so long."""
    now = retry_seconds(0.0, worked_s=600.0)
    while now < unplugged_s:
        now += attempt_s + retry_seconds(now + attempt_s, worked_s=0.0)
    return now


@pytest.mark.parametrize("attempt_s", [0.01, 1.0, 2.0])
def test_a_camera_that_was_unplugged_for_twenty_seconds_leaves_a_hole_of_at_most_twenty_five(attempt_s: float) -> None:
    assert max(hole(20.0, attempt_s) for _ in range(500)) < 25


def test_a_stream_that_drops_each_half_minute_loses_next_to_nothing() -> None:
    lost = sum(retry_seconds(0.0, 30.0) + 1.0 for _ in range(8))

    assert lost / (8 * 30) <= 0.05


def test_a_camera_that_refuses_the_password_is_asked_seldom_from_the_beginning() -> None:
    waits = [retry_seconds(0.0, worked_s, is_refused=True) for worked_s in (0.0, 600.0) for _ in range(50)]

    assert all(24.0 <= wait <= 36.0 for wait in waits)
