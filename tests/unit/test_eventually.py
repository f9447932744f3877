"""Tests wait for conditions without taking the machine from what they wait for."""

import time

import pytest

from tests.eventually import eventually


def test_a_condition_is_asked_less_often_the_longer_it_is_waited_for() -> None:
    asked: list[float] = []

    with pytest.raises(AssertionError, match=r"the end did not come true within 0.6 s; last value: None"):
        eventually(lambda: asked.append(time.monotonic()), within=0.6, what="the end")

    assert len(asked) <= 45


def test_what_is_true_is_not_waited_for() -> None:
    answers = iter([0, "", [], "here", "gone"])

    assert eventually(lambda: next(answers)) == "here"
