"""The rules that a trial may change."""

from dataclasses import fields
from math import nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.alerting.what_if.rules import KNOWN, BadRule, changed, made_of, values
from consumers.hub_config import Rules
from watchpost.configuration.alerts import AlertRules


def test_every_rule_is_known_by_the_name_that_the_configuration_has() -> None:
    assert {known.field for known in KNOWN} == {field.name for field in fields(Rules)}
    assert [known.name for known in KNOWN] == sorted(AlertRules.model_fields, key=[k.name for k in KNOWN].index)


def test_the_rules_in_force_by_default_are_within_their_bounds() -> None:
    for told in (values(Rules()), AlertRules().model_dump()):
        assert all(known.minimum <= told[known.name] <= known.maximum for known in KNOWN)


@given(
    wanted=st.dictionaries(st.sampled_from(KNOWN), st.floats(0, 1), max_size=11).map(
        lambda shares: {k.name: k.minimum + share * (k.maximum - k.minimum) for k, share in shares.items()}
    )
)
def test_what_is_changed_is_changed_and_all_else_stays(wanted: dict[str, float]) -> None:
    told = values(Rules()) | wanted
    if told["storage_low_percent"] > told["storage_critical_percent"]:
        with pytest.raises(BadRule, match="must not be above"):
            changed(Rules(), wanted)
    else:
        assert values(changed(Rules(), wanted)) == told
        assert made_of(told) == changed(Rules(), wanted)


@pytest.mark.parametrize("value", [None, "80", True, nan, float("inf"), 10**400, -(10**400), [], {}])
def test_what_is_no_value_of_a_rule_is_refused(value: Any) -> None:
    with pytest.raises(BadRule, match="hot_spot_c is a number from -40 to 1000 °C"):
        changed(Rules(), {"hot_spot_c": value})


def test_the_nearest_name_is_named_or_all_of_them() -> None:
    with pytest.raises(BadRule, match="did you mean 'cool_down_s'"):
        changed(Rules(), {"cooldown": 1})
    with pytest.raises(BadRule, match="there are offline_after_s, hot_spot_c"):
        changed(Rules(), {"?": 1})
