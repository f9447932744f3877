from typing import get_args

import pytest

from bus_schemas.catalogue import EVENT_MODELS, MODELS, AnyEvent, short_name, why_unknown


def test_the_union_and_the_list_have_the_same_members() -> None:
    union, _ = get_args(AnyEvent)

    assert set(get_args(union)) == set(EVENT_MODELS) == set(MODELS.values())


def test_a_type_has_a_short_name() -> None:
    assert short_name("watchpost.detection.v1") == "detection"


@pytest.mark.parametrize("event_type", ["detection", "watchpost.detection", "watchpost.detection.v0", "watchpost.D.v1"])
def test_what_is_no_type_has_none(event_type: str) -> None:
    with pytest.raises(ValueError, match="is not an event type"):
        short_name(event_type)


@pytest.mark.parametrize(
    ("event_type", "why"),
    [
        ("hello", "type 'hello' is not watchpost.NAME.vN"),
        (
            "watchpost.motion.v9",
            "type watchpost.motion.v9 is of a version that is not known here; "
            "known: watchpost.motion.v1, watchpost.motion.v2",
        ),
        ("watchpost.weather.v1", "type watchpost.weather.v1 is not known"),
    ],
)
def test_an_unknown_type_is_told_apart_from_an_unknown_version(event_type: str, why: str) -> None:
    assert why_unknown(event_type) == why
