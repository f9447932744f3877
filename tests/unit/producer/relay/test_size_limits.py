"""How large a message may be, found out from connections that end over a larger one."""

import pytest

from bus_schemas.streams import Traffic
from producer.relay.size_limits import (
    GIVES_UP_AFTER,
    GIVES_UP_AGAIN_AFTER,
    HOLDS_S,
    SHRINKS_AFTER,
    SMALLEST_BYTES,
    SizeLimits,
)


def after(traffic: Traffic, *suspects: int | None) -> SizeLimits:
    limits = SizeLimits()
    for suspect in suspects:
        limits.ended(traffic, suspect, 0.0)
    return limits


def test_a_medium_that_ended_several_connections_in_a_row_is_too_large_and_others_of_its_kind_are_not() -> None:
    limits = after(Traffic.RECORDING, *[3_000_000] * (GIVES_UP_AFTER - 1))
    assert not limits.is_too_large(Traffic.RECORDING, 3_000_000, 0.0)

    limits.ended(Traffic.RECORDING, 3_000_000, 0.0)
    assert limits.is_too_large(Traffic.RECORDING, 3_000_000, 0.0)
    assert not limits.is_too_large(Traffic.RECORDING, 2_999_999, 0.0)
    assert not limits.is_too_large(Traffic.PICTURES, 3_000_000, 0.0)

    for _ in range(GIVES_UP_AGAIN_AFTER):
        limits.ended(Traffic.RECORDING, 1_000_000, 0.0)
    assert limits.is_too_large(Traffic.RECORDING, 1_000_000, 0.0)


def test_messages_of_many_events_become_smaller_and_none_is_given_up_for_it() -> None:
    limits, sizes = SizeLimits(), [64_000]
    while (size := sizes[-1]) > SMALLEST_BYTES:
        for _ in range(SHRINKS_AFTER):
            limits.ended(Traffic.EVENTS, size, 0.0)
        sizes.append(int(limits.batch(Traffic.EVENTS, 0.0)))

    assert sizes == [64_000, 32_000, 16_000, 8_000, SMALLEST_BYTES]
    assert not limits.is_too_large(Traffic.EVENTS, 64_000, 0.0)


@pytest.mark.parametrize(
    "between", [None, SMALLEST_BYTES, 5_000], ids=["a network that was lost", "a small message", "another message"]
)
def test_what_other_messages_cause_too_begins_the_count_anew(between: int | None) -> None:
    limits = after(Traffic.RECORDING, *[300_000] * 5, between, *[300_000] * 5)

    assert not limits.is_too_large(Traffic.RECORDING, 300_000, 0.0)


def test_after_a_while_a_larger_message_is_tried_again() -> None:
    limits = after(Traffic.RECORDING, *[300_000] * GIVES_UP_AFTER)

    assert limits.is_too_large(Traffic.RECORDING, 300_000, HOLDS_S - 1)
    assert not limits.is_too_large(Traffic.RECORDING, 300_000, HOLDS_S)
    assert limits.batch(Traffic.RECORDING, HOLDS_S) == float("inf")
