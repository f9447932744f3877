"""Waits double up to the longest, and chance shortens them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.backoff import Backoff, Retry


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 2.0), (1, 2.0), (2, 4.0), (3, 8.0), (5, 32.0), (6, 60.0), (10**9, 60.0)]
)
def test_a_wait_doubles_up_to_the_longest(failures: int, seconds: float) -> None:
    assert Backoff(2, 60).after(failures, lambda: 0.0) == seconds


def test_waits_that_grow_by_a_tenth_are_a_tenth_of_the_time_that_has_passed() -> None:
    backoff, passed_s = Backoff(1, 60, jitter=0, growth=1.1), 0.0
    for failures in range(1, 40):
        wait_s = backoff.after(failures)

        assert wait_s == pytest.approx(1 + passed_s / 10)
        passed_s += wait_s


@given(failures=st.integers(0, 200), jitter=st.floats(0, 1), share=st.floats(0, 1, exclude_max=True))
def test_chance_takes_away_no_more_than_its_share(failures: int, jitter: float, share: float) -> None:
    whole = Backoff(0.25, 4.0, jitter=0).after(failures)
    wait = Backoff(0.25, 4.0, jitter).after(failures, lambda: share)

    assert whole * (1 - jitter) <= wait <= whole


def test_those_who_failed_together_do_not_come_back_together() -> None:
    waits = {Backoff(1, 60).after(3) for _ in range(50)}

    assert len(waits) > 40
    assert max(waits) - min(waits) > 1.0


def test_success_begins_the_row_anew() -> None:
    retry = Retry(Backoff(1, 8), chance=lambda: 0.0)

    waits = [retry.next_s() for _ in range(5)]
    retry.reset()

    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert retry.next_s() == 1.0
