"""What each picture of an incident is called."""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.reports.incident_pictures import labelled

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


@pytest.mark.parametrize(
    ("shown", "decided", "is_over", "parts"),
    [
        ([], [], True, []),
        ([0], [], False, ["first"]),
        ([0], [], True, ["first"]),
        ([0, 10, 20], [], True, ["first", "sample", "last"]),
        ([0, 10, 20], [], False, ["first", "sample", "sample"]),
        ([0, 45], [21], True, ["first", "decided", "last"]),
        ([45], [21], True, ["decided", "last"]),
        ([30], [21], False, ["decided", "sample"]),
        ([], [21], True, ["decided"]),
    ],
)
def test_the_first_is_before_what_decided_and_the_last_is_that_of_an_incident_that_is_over(
    shown: list[int], decided: list[int], is_over: bool, parts: list[str]
) -> None:
    found = labelled([(f"s{n}", at(n)) for n in shown], {f"d{n}": at(n) for n in decided}, is_over=is_over)

    assert [one.part for one in found] == parts
    assert [one.time for one in found] == sorted(one.time for one in found)
