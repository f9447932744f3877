"""The order in which segments play, also where a clock was set back."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from consumers.views.recordings.questions import SegmentRow
from consumers.views.recordings.recording_order import in_order_of_recording
from tests.examples import examples


def recorded(*starts: float) -> list[SegmentRow]:
    """Segments of ten seconds that began then, in the order in which they arrived."""
    return [
        SegmentRow(start, start + 10, f"key-{place}", 1, discontinuity=False, position=place)
        for place, start in enumerate(starts, 1)
    ]


def played(rows: list[SegmentRow]) -> list[float]:
    return [one.start for one in in_order_of_recording(sorted(rows))]


def test_what_arrived_late_plays_at_its_time() -> None:
    assert played(recorded(0, 20, 30, 10)) == [0, 10, 20, 30]


def test_a_pass_plays_whole_before_the_one_that_recorded_its_time_again() -> None:
    first, again = [0, 10, 20, 30, 40, 50], [23, 33, 43, 53, 63]

    assert played(recorded(*first, *again)) == [*first, *again]


def test_passes_that_begin_at_almost_the_same_moments_are_not_mixed() -> None:
    assert played(recorded(0, 10, 20, 0.2, 10.2, 20.2)) == [0, 10, 20, 0.2, 10.2, 20.2]


def test_a_hole_in_the_time_that_was_recorded_twice_does_not_part_a_pass() -> None:
    assert played(recorded(0, 10, 40, 50, 3, 13, 23, 33, 43)) == [0, 10, 40, 50, 3, 13, 23, 33, 43]


def test_a_clock_that_was_set_back_twice_plays_three_passes() -> None:
    assert played(recorded(0, 10, 20, 30, 11, 21, 31, 22, 32)) == [0, 10, 20, 30, 11, 21, 31, 22, 32]


@examples(60)
@given(seed=st.integers(0, 2**32))
def test_nothing_is_lost_or_doubled_however_a_clock_jumps(seed: int) -> None:
    chance = Random(seed)
    starts, clock = set[float](), 0.0
    arrived = []
    for _ in range(chance.randrange(40)):
        clock += 10 if chance.random() < 0.8 else chance.uniform(-100, 100)
        if clock not in starts:
            starts.add(clock)
            arrived.append(clock)
    rows = recorded(*arrived)

    assert sorted(in_order_of_recording(sorted(rows))) == sorted(rows)
