"""Holes of a recording: where they are, and which cause is believed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from math import inf

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.views.recordings.holes import Evidence, Hole, HoleCause, dropped, explained, holes
from consumers.views.recordings.projection import RecordingsProjection
from tests.builders import DEVICE, SITE, at, retention, segment
from tests.journal_bodies import recorded

YARD = (SITE, DEVICE)
ZERO = at(0).timestamp()


@pytest.fixture
def view() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(RecordingsProjection.schema)
        yield view


def fold(view: sqlite3.Connection, *events: Event) -> None:
    RecordingsProjection().fold(view, recorded([to_bytes(event) for event in events]), lambda _: None)


def found(view: sqlite3.Connection, start: float, end: float, now: float) -> list[tuple[float, float, bool]]:
    listed = holes(view, YARD, ZERO + start, ZERO + end, ZERO + now)
    return [(round(hole.start - ZERO, 3), round(hole.end - ZERO, 3), hole.is_open) for hole in listed]


@pytest.mark.parametrize(
    ("recorded_at", "asked", "expected"),
    [
        ([], (0, 100, 500), [(0, 100, True)]),
        ([0, 10, 20], (0, 30, 500), []),
        ([0, 10, 40], (0, 50, 500), [(20, 40, False)]),
        ([0, 5, 10.9], (0, 20, 500), []),
        ([20], (0, 100, 500), [(0, 20, False), (30, 100, True)]),
        ([20, 200], (0, 100, 500), [(0, 20, False), (30, 100, False)]),
        ([0], (0, 500, 35), []),
        ([0], (0, 500, 41), [(10, 41, True)]),
        ([0, 10], (5, 15, 500), []),
        ([0], (600, 700, 500), []),
    ],
    ids=["nothing", "all", "between", "overlap", "open", "goes on", "on its way", "late", "within", "to come"],
)
def test_a_hole_is_what_was_not_recorded(
    view: sqlite3.Connection,
    recorded_at: list[float],
    asked: tuple[float, float, float],
    expected: list[tuple[float, float, bool]],
) -> None:
    fold(view, *(segment(at(second)) for second in recorded_at))

    assert found(view, *asked) == expected


def test_another_device_fills_no_hole(view: sqlite3.Connection) -> None:
    fold(view, segment(at(0)), segment(at(10), device="gate"), segment(at(20)))

    assert found(view, 0, 30, 500) == [(10, 20, False)]


def test_what_retention_dropped_is_joined_by_its_rule(view: sqlite3.Connection) -> None:
    spans = [(0, 300, "kept for 24 h"), (300, 600, "kept for 24 h"), (900, 1200, "kept for 24 h"), (0, 900, "full")]
    fold(view, *(retention(kind="segment", start=at(a), end=at(b), rule=rule, device=DEVICE) for a, b, rule in spans))

    listed = dropped(view, YARD, ZERO, ZERO + 1000)

    assert [(one.start - ZERO, one.end - ZERO, one.data["rule"]) for one in listed] == [
        (0, 900, "full"),
        (0, 600, "kept for 24 h"),
        (900, 1200, "kept for 24 h"),
    ]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([], [(100, 700, "unknown", None)]),
        ([("camera_off", 110, 660)], [(100, 700, "camera_off", 110)]),
        ([("camera_off", 50, inf)], [(100, 700, "camera_off", 50)]),
        ([("camera_off", 400, 700)], [(100, 400, "unknown", None), (400, 700, "camera_off", 400)]),
        (
            [("dropped", 0, 400), ("camera_off", 395, 700)],
            [(100, 395, "dropped", 0), (395, 700, "camera_off", 395)],
        ),
        ([("camera_off", 50, 800), ("not_scheduled", 50, 800)], [(100, 700, "not_scheduled", 50)]),
        ([("not_begun", -inf, 690)], [(100, 700, "not_begun", None)]),
        ([("camera_off", 0, 90)], [(100, 700, "unknown", None)]),
        ([("camera_off", 90, 100.1), ("agent_down", 100.1, 800)], [(100, 700, "agent_down", 100.1)]),
        ([("agent_down", 90, 699.9), ("camera_off", 699.9, 800)], [(100, 700, "agent_down", 90)]),
    ],
    ids=[
        "nothing",
        "most of it",
        "still",
        "half",
        "one after the other",
        "both",
        "before",
        "over",
        "a moment before",
        "a moment behind",
    ],
)
def test_a_hole_has_the_cause_that_explains_it(
    evidence: list[tuple[HoleCause, float, float]], expected: list[tuple[float, float, HoleCause, float | None]]
) -> None:
    listed = explained([Hole(100, 700, is_open=True)], [Evidence(*one) for one in evidence])

    assert [(one.start, one.end, one.cause, one.since) for one in listed] == expected
    assert [one.is_open for one in listed] == [False] * (len(listed) - 1) + [True]


def test_two_incidents_of_one_cause_are_one_hole_in_whatever_order_they_come() -> None:
    degraded = Evidence("camera_off", 2.0, 60.0, {"incident": "one", "reason": "Connection refused"})
    offline = Evidence("camera_off", 2.0, 125.0, {"incident": "two", "reason": "Connection refused"})
    stopped = Evidence("camera_off", 130.0, 200.0, {"incident": "three", "reason": "no pictures"})

    for order in permutations((degraded, offline, stopped)):
        found = explained([Hole(0.0, 200.0)], order)
        assert [(one.start, one.data["reason"]) for one in found] == [
            (0.0, "Connection refused"),
            (125.0, "no pictures"),
        ]
