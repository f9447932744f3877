"""The rules: one home for their names, bounds, defaults and sentences."""

from math import nan
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.alert import IncidentType
from bus_schemas.hub import FaultKind
from consumers.alerting.rules import FIELDS, SENTENCES, AlertRules, BadRule
from consumers.alerting.terms import registered
from consumers.site_registry import Registered
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import configured

DEFAULTS = AlertRules()


def test_a_configuration_without_rules_and_a_fold_that_is_given_none_have_the_same_defaults() -> None:
    shipped = configured(WatchpostConfig()).rules

    assert shipped == registered(Registered({})).rules.values() == DEFAULTS.values()
    assert shipped["clear_after_s"] == 5.0


def test_every_value_has_a_unit_a_description_and_bounds_within_which_its_default_lies() -> None:
    for name, known in FIELDS.items():
        assert known.unit in ("s", "°C", "%", "")
        assert known.description
        assert known.minimum <= DEFAULTS.values()[name] <= known.maximum


def test_every_type_of_incident_has_a_sentence() -> None:
    assert SENTENCES.keys() == {*get_args(IncidentType), *get_args(FaultKind)}


def test_a_sentence_says_the_values_in_force() -> None:
    assert DEFAULTS.sentence("audio_loss") == (
        "At least 80 % of the frames of 30 s had no audio; unknown audio does not count. Audio that fails within 10 s"
        " of the picture is part of the incident of the picture. Over after 5 s with audio."
    )
    other = AlertRules(raise_share=0.5, clear_after_s=12.5).sentence("freeze")
    assert other == "At least 50 % of the frames of 30 s were frozen. Over after 12.5 s without a frozen frame."


@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(FIELDS)), st.integers(0, 100).map(lambda percent: percent / 100), max_size=11
    )
)
def test_no_sentence_has_a_number_that_is_not_in_force(changes: dict[str, float]) -> None:
    wanted = {
        name: FIELDS[name].minimum + share * (FIELDS[name].maximum - FIELDS[name].minimum)
        for name, share in changes.items()
    }
    try:
        rules = DEFAULTS.changed(wanted)
    except BadRule:
        return
    for name, template in SENTENCES.items():
        said = rules.sentence(name)
        assert "{" not in said
        for field, value in rules.values().items():
            is_no_wait = value == 0 and FIELDS[field].unit == "s"
            assert ("{" + field + "}" not in template) or is_no_wait or f"{value:g}" in said
        assert " 0 s" not in said


def test_a_type_that_nobody_knows_is_said_by_its_name() -> None:
    assert DEFAULTS.sentence("flood") == "flood"


@given(
    wanted=st.dictionaries(st.sampled_from(sorted(FIELDS.values(), key=lambda known: known.name)), st.floats(0, 1)).map(
        lambda shares: {k.name: k.minimum + share * (k.maximum - k.minimum) for k, share in shares.items()}
    )
)
def test_what_is_changed_is_changed_and_all_else_stays(wanted: dict[str, float]) -> None:
    expected = DEFAULTS.values() | wanted
    if expected["storage_low_percent"] > expected["storage_critical_percent"]:
        with pytest.raises(BadRule, match="must not be above"):
            DEFAULTS.changed(wanted)
    else:
        assert DEFAULTS.changed(wanted).values() == expected


@pytest.mark.parametrize("value", [None, "80", True, nan, float("inf"), 10**400, -(10**400), [], {}])
def test_what_is_no_value_of_a_rule_is_refused(value: Any) -> None:
    with pytest.raises(BadRule, match="hot_spot_c is a number from -40 to 1000 °C"):
        DEFAULTS.changed({"hot_spot_c": value})


def test_the_nearest_name_is_named_or_all_of_them() -> None:
    with pytest.raises(BadRule, match="did you mean 'cool_down_s'"):
        DEFAULTS.changed({"cooldown": 1})
    with pytest.raises(BadRule, match="there are offline_after_s, hot_spot_c"):
        DEFAULTS.changed({"?": 1})


@pytest.mark.parametrize(("after_s", "silent_s"), [(1, 25), (25, 25), (30, 30), (3600, 3600)])
def test_no_threshold_of_silence_meets_the_heartbeat_of_an_agent(after_s: float, silent_s: float) -> None:
    assert AlertRules(offline_after_s=after_s).silent_after_s == silent_s
