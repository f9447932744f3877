"""Builders make what the contract accepts."""

from collections.abc import Callable

import pytest

from bus_schemas.catalogue import EVENT_MODELS
from bus_schemas.codec import decode, to_bytes
from bus_schemas.event import Event
from tests.builders import EVERY_KIND, START, frame, numbered


@pytest.mark.parametrize("build", EVERY_KIND)
def test_what_a_builder_makes_survives_the_wire(build: Callable[..., Event]) -> None:
    event = build(START)

    assert decode(to_bytes(event)) == [event]


def test_there_is_a_builder_for_every_event_type() -> None:
    assert {type(build(START)) for build in EVERY_KIND} == set(EVENT_MODELS)


def test_numbered_events_count_per_source() -> None:
    placed = numbered([frame(), frame(device="gate"), frame()])

    assert [event.sequence for event in placed] == [1, 1, 2]
