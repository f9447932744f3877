from typing import get_args

import pytest

from bus_schemas.alert import AlertLevelName, IncidentType
from bus_schemas.condition import INCIDENT_WORDS, SEVERITY, Condition, condition_of, incident_words, level_of, worst
from bus_schemas.hub import FaultKind


@pytest.mark.parametrize(
    ("kind", "grade", "level"),
    [
        ("hot_spot", "warning", "warning"),
        ("hot_spot", "critical", "error"),
        ("hot_spot", "emergency", "critical"),
        ("storage", "warning", "warning"),
        ("storage", "critical", "critical"),
        ("storage", "unwritable", "critical"),
        ("offline", None, "error"),
        ("blackscreen", None, "warning"),
        ("tilt_of_next_year", "emergency", "warning"),
    ],
)
def test_the_level_of_an_incident_follows_from_its_type_and_grade(kind: str, grade: str | None, level: str) -> None:
    assert level_of(kind, {"level": grade}) == level


def test_every_incident_makes_its_device_worse_than_ok() -> None:
    for kind in get_args(IncidentType):
        assert SEVERITY[condition_of(kind, level_of(kind, {}))] > SEVERITY["ok"]


def test_an_offline_device_is_offline_unless_something_critical_is_open() -> None:
    offline, hot = condition_of("offline", "error"), condition_of("hot_spot", "critical")

    assert worst([offline, "error", "warning"]) == "offline"
    assert worst([offline, hot]) == "critical"


def test_without_an_incident_a_device_is_what_is_known_of_it() -> None:
    assert worst([]) == "unknown"
    assert worst([], otherwise="ok") == "ok"
    assert set(SEVERITY) == set(get_args(Condition)) >= set(get_args(AlertLevelName)) - {"info"}


def test_every_type_of_incident_has_words_and_no_two_the_same() -> None:
    assert set(INCIDENT_WORDS) == {*get_args(IncidentType), *get_args(FaultKind)}
    assert len(set(INCIDENT_WORDS.values())) == len(INCIDENT_WORDS)
    assert incident_words("of_tomorrow") == "Of tomorrow"
