"""Values in order at some places, beside those that are sorted as a whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analysis.partial_sort import SORTED_WHOLE, sort_places
from edge.analysis.thermal_statistics import quantile, sorted_values
from tests.examples import examples

SIZES = (1, 2, 24 * 32, SORTED_WHOLE + 1, SORTED_WHOLE + 2, 120 * 160)


@examples(60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SIZES), st.sampled_from([0, 1, 3]), st.integers(1, 9))
def test_at_each_place_is_what_a_whole_sort_puts_there(seed: int, size: int, decimals: int, count: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(25, 2, size).round(decimals).astype(np.float32)
    places = sorted({int(place) for place in random.integers(0, size, count)} | {0, size - 1})
    found = values.copy()
    sort_places(found, places)

    assert found[places].tolist() == np.sort(values)[places].tolist()
    assert np.array_equal(np.sort(found), np.sort(values))


@pytest.mark.parametrize("odd", [300.0, 1e30, np.inf, -np.inf])
def test_one_value_far_from_all_others_changes_nothing(odd: float) -> None:
    values = np.random.default_rng(2).normal(25, 2, SIZES[-1]).astype(np.float32)
    values[5] = odd
    places = [0, 1919, 1920, 9600, SIZES[-1] - 1]
    found = values.copy()
    sort_places(found, places)

    assert found[places].tolist() == np.sort(values)[places].tolist()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("far", [60.0, 900_000.0])
def test_values_of_a_small_part_of_the_range_are_ordered_among_each_other(far: float, share: float) -> None:
    """As of a scene beside a fire: all of it lies in one bin, and much of it may be alike."""
    random = np.random.default_rng(6)
    values = np.where(random.random(SIZES[-1]) < share, 21.5, random.normal(21.5, 0.1, SIZES[-1])).astype(np.float32)
    values[7:40] = far
    places = [0, 1, 960, 9599, 9600, SIZES[-1] - 34, SIZES[-1] - 33, SIZES[-1] - 1]
    found = values.copy()
    sort_places(found, places)

    assert found[places].tolist() == np.sort(values)[places].tolist()
    assert np.array_equal(np.sort(found), np.sort(values))


@pytest.mark.parametrize("beyond", [1e3, -1e3, 2e5])
def test_values_whose_range_is_less_than_their_rounding_are_in_order(beyond: float) -> None:
    values = (beyond + np.random.default_rng(7).normal(0, 0.05, SIZES[-1])).astype(np.float32)
    places = [0, 1, 960, 9600, SIZES[-1] - 2, SIZES[-1] - 1]
    found = values.copy()
    sort_places(found, places)

    assert found[places].tolist() == np.sort(values)[places].tolist()


def test_extremes_of_which_there_are_several_are_put_to_one_place_each() -> None:
    values = np.random.default_rng(4).normal(25, 2, SIZES[-1]).clip(24, 26).astype(np.float32)
    places = [0, 1, 960, 9600, SIZES[-1] - 960, SIZES[-1] - 2, SIZES[-1] - 1]
    found = values.copy()
    sort_places(found, places)

    assert found[places].tolist() == np.sort(values)[places].tolist()
    assert np.array_equal(np.sort(found), np.sort(values))


def test_values_that_are_all_alike_stay_as_they_are() -> None:
    values = np.full(SIZES[-1], 21.5, np.float32)
    sort_places(values, [0, 7, SIZES[-1] - 1])

    assert np.all(values == np.float32(21.5))


@pytest.mark.parametrize("size", SIZES[2:])
def test_what_is_no_number_comes_last(size: int) -> None:
    values = np.full(size, 25, np.float32)
    values[[3, size // 2]] = np.nan
    sort_places(values, [0, size // 10, size - 1])

    assert np.isnan(values[-1])


@pytest.mark.parametrize("shape", [(24, 32), (60, 80), (120, 160)])
def test_a_quantile_of_a_frame_of_any_size_is_numpy_s(shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(3).normal(25, 2, shape).astype(np.float32)
    shares = (0.05, 0.1, 0.5, 0.95)
    ordered = sorted_values(frame, shares)

    assert [quantile(ordered, share) for share in shares] == pytest.approx(np.quantile(frame, shares), abs=1e-4)
    assert (ordered.item(0), ordered.item(-1)) == (frame.min(), frame.max())
