"""Ids of events sort as they were made."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from producer.ids import Ids

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7_with_its_millisecond() -> None:
    made = UUID(Ids(lambda: NOON + timedelta(milliseconds=123))())

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1767614400123


def test_ids_rise_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    moments = iter([NOON] * 5000 + [NOON - timedelta(hours=1)] * 10)
    new_id = Ids(lambda: next(moments))
    made = [new_id() for _ in range(5010)]

    assert made == sorted(set(made))
