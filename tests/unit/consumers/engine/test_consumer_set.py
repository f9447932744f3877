"""Which consumers may be registered."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest

from bus_schemas.camera import DetectionEvent
from consumers.engine.consumer_set import NoRetentionFloor, Registration
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded


class Silent(Projection):
    """Two tables, of which it does not say what becomes of them when days of the journal are dropped."""

    name = "silent"
    models = (DetectionEvent,)
    schema = "create table days (day text primary key) strict; create table people (name text primary key) strict;"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        raise NotImplementedError


class ForDays(Silent):
    before_floor: ClassVar[Mapping[str, str]] = {"days": "unixepoch(day) <= horizon('DEMO', null)"}


class ForAll(ForDays):
    history: ClassVar[Mapping[str, str]] = {"people": "true"}


@pytest.mark.parametrize(("projection", "tables"), [(Silent, "days, people"), (ForDays, "people")])
def test_a_projection_that_does_not_say_what_outlives_dropped_days_is_not_registered(
    projection: type[Projection], tables: str
) -> None:
    with pytest.raises(NoRetentionFloor, match=f"^{projection.__name__} does not say .* rows of {tables} when days"):
        Registration(projection)


def test_a_projection_that_says_it_of_each_table_is_registered() -> None:
    assert Registration(ForAll).consumer is ForAll
