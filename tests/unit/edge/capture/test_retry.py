"""When a source that failed is opened again."""

import pytest

from edge.capture.retry import AT_ONCE_PER_MINUTE, Retries


@pytest.mark.parametrize(("unplugged_s", "longest_s"), [(5.0, 2.0), (40.0, 6.0), (400.0, 48.0), (86_400.0, 60.1)])
def test_an_outage_is_prolonged_by_little_more_than_a_tenth(unplugged_s: float, longest_s: float) -> None:
    prolonged = [hole(unplugged_s, 0.01) - unplugged_s for _ in range(50)]

    assert 0.2 * longest_s < max(prolonged) <= longest_s


def test_a_stream_that_worked_is_opened_again_at_once_however_long_it_was_away() -> None:
    retries = Retries()
    for now in range(30):
        retries.wait_s(now, gave=False)

    assert retries.wait_s(30.0, gave=True) == 0.0
    assert retries.wait_s(31.0, gave=False) <= 1.1


def hole(unplugged_s: float, attempt_s: float) -> float:
    """Until the first attempt that begins when the camera is there again, where each one before took so long."""
    retries = Retries()
    now = retries.wait_s(0.0, gave=True)
    while now < unplugged_s:
        now += attempt_s + retries.wait_s(now + attempt_s, gave=False)
    return now


@pytest.mark.parametrize("attempt_s", [0.01, 1.0, 2.0])
def test_a_camera_that_was_unplugged_for_twenty_seconds_leaves_a_hole_of_at_most_twenty_five(attempt_s: float) -> None:
    assert max(hole(20.0, attempt_s) for _ in range(500)) < 25


def an_hour(works_s: float) -> tuple[float, int]:
    """Of a camera that works for so long and then ends the stream, again and again: how long was waited, and how often
    it was opened again.
    """
    retries, now, waited, count = Retries(), 0.0, 0.0, 0
    while now < 3600:
        now += works_s
        wait_s = retries.wait_s(now, gave=True)
        now, waited, count = now + wait_s, waited + wait_s, count + 1
    return waited, count


@pytest.mark.parametrize("works_s", [6.0, 10.0, 30.0])
def test_a_stream_that_ends_again_and_again_waits_for_nothing(works_s: float) -> None:
    assert an_hour(works_s)[0] <= 0.01 * 3600


def test_a_stream_that_ends_as_soon_as_it_began_is_not_opened_without_a_pause_for_ever() -> None:
    _, count = an_hour(0.05)

    assert count <= 60 * (AT_ONCE_PER_MINUTE + 60)


def test_a_camera_that_refuses_the_password_is_asked_seldom_from_the_beginning() -> None:
    waits = [Retries().wait_s(0.0, gave=gave, is_refused=True) for gave in (False, True) for _ in range(50)]

    assert all(24.0 <= wait <= 30.0 for wait in waits)
