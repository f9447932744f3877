"""Guesses from shapes."""

from hypothesis import given
from hypothesis import strategies as st

from edge.analysis.detector import BoundingBox, guesses, people_count


def test_an_upright_region_is_guessed_to_be_a_person_and_a_long_one_a_vehicle() -> None:
    upright, long, tiny = (0.1, 0.1, 0.05, 0.2), (0.5, 0.5, 0.2, 0.15), (0.9, 0.9, 0.01, 0.01)
    found = guesses([upright, long, tiny], aspect=16 / 9)

    assert [detection.label for detection in found] == ["person", "vehicle", "object"]
    assert people_count(found) == 1


def test_a_guess_says_that_it_is_one() -> None:
    assert guesses([(0.1, 0.1, 0.045, 0.2)], aspect=16 / 9) == (
        BoundingBox("person", 0.5, (0.1, 0.1, 0.045, 0.2), "heuristic"),
    )


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_no_guess_is_surer_than_a_half(width: float, height: float) -> None:
    (guess,) = guesses([(0.0, 0.0, width, height)], aspect=16 / 9)

    assert 0.1 <= guess.score <= 0.5
