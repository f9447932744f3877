"""Sender reports correct the time of pictures where the camera's clock can be believed."""

import pytest

from edge.capture.sources.sender_reports import MOST_LATE_S, Lateness

NOW = 1_770_000_000.0


def reported(lateness: Lateness, late_s: list[float], first_s: float = 0.0) -> list[float]:
    """What is known after each of pictures that come ten a second."""
    known = []
    for number, late in enumerate(late_s):
        at = first_s + number / 10
        lateness.note(NOW + at - late, NOW + at, at)
        known.append(lateness.seconds)
    return known


def test_pictures_get_the_time_at_which_they_were_taken_within_two_seconds() -> None:
    known = reported(Lateness(), [0.35] * 80)

    assert known[20:] == pytest.approx([0.35] * 60, abs=0.05)
    assert known[-1] == pytest.approx(0.35)


def test_times_never_go_back_while_they_are_corrected() -> None:
    known = reported(Lateness(), [1.6] * 700)
    taken = [number / 10 - late for number, late in enumerate(known)]

    assert taken == sorted(taken)
    assert known[-1] == pytest.approx(1.6)


def test_segments_of_ten_seconds_follow_each_other_within_half_a_second_while_times_are_corrected() -> None:
    known = reported(Lateness(), [1.0] * 500)

    assert max(later - earlier for earlier, later in zip(known, known[100:], strict=False)) <= 0.5 + 1e-9


def test_reports_that_jitter_move_nothing_by_more_than_their_middle() -> None:
    late = [0.3 + 0.06 * (-1) ** (number // 10) for number in range(400)]

    known = reported(Lateness(), late)

    assert known[100:] == pytest.approx([0.3] * 300, abs=0.07)


@pytest.mark.parametrize(("error_s", "words"), [(7200.0, "2 hours ahead"), (-86_400.0 * 900, "900 days behind")])
def test_a_clock_that_is_hours_off_moves_nothing_and_is_named(error_s: float, words: str) -> None:
    lateness = Lateness()

    known = reported(lateness, [-error_s] * 40)

    assert known == [0.0] * 40
    assert f"its clock is {words}; what is recorded has the time of its arrival" == lateness.remark()


def test_a_clock_that_jumps_later_keeps_the_correction_that_was_found() -> None:
    lateness = Lateness()
    reported(lateness, [0.3] * 100)

    known = reported(lateness, [0.3 - 3600.0] * 600, first_s=10.0)

    assert known == pytest.approx([0.3] * 600)
    assert lateness.clock_error_s == pytest.approx(3599.7)


def test_a_clock_that_is_right_again_is_believed_again() -> None:
    lateness = Lateness()
    reported(lateness, [MOST_LATE_S + 1] * 100)
    assert lateness.remark() == "its clock is 3.0 s behind; what is recorded has the time of its arrival"

    known = reported(lateness, [0.2] * 600, first_s=10.0)

    assert lateness.remark() is None
    assert known[-1] == pytest.approx(0.2)


def test_a_picture_that_is_reported_a_little_ahead_has_the_time_of_its_arrival() -> None:
    lateness = Lateness()

    assert reported(lateness, [-0.05] * 20) == [0.0] * 20
    assert lateness.remark() is None
