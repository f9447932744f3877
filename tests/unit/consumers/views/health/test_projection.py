"""The fold: what is read of bodies alone makes the same view as all that the events say."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, iso
from consumers.store.journal.record import Recorded
from consumers.views.health.projection import HealthProjection
from consumers.views.health.snapshots import Keep
from tests import builders
from tests.builders import at, frame, health, media, state, thermal, tick
from tests.examples import examples
from tests.journal_bodies import bodies, moments, recorded, through_models

OFTEN = Keep(every_s=10)
MADE = (
    *builders.EVERY_KIND,
    *(health, health, tick, tick),
    partial(media, kind="thermal"),
    partial(state, online=False),
)
EVENTS = st.builds(
    lambda make, time, device: make(time) if make is tick else make(time, device=device),
    st.sampled_from(MADE),
    moments(),
    st.sampled_from(["yard", "gate", "_hub"]),
)


def folded(records: Sequence[Recorded], batch: int = 1000) -> dict[str, list[Any]]:
    """Each table after a fold in batches of this size."""
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(HealthProjection.schema)
        wanted = [record for record in records if record.model in HealthProjection.models]
        for begin in range(0, len(wanted), batch):
            HealthProjection(OFTEN).fold(view, wanted[begin : begin + batch], _say_nothing)
        return {
            table: list(view.execute(f"select * from {table} order by 1, 2"))
            for table in ("devices", "clock", "snapshots")
        }


def _say_nothing(event: Event) -> None:
    raise AssertionError(f"health emits nothing, but {event.type}")


@examples(150)
@given(bodies(EVENTS))
def test_the_view_is_that_of_the_events(written: list[bytes]) -> None:
    records = recorded(written)

    assert folded(records) == folded(through_models(records))


@examples(50)
@given(bodies(EVENTS, most=20), st.integers(1, 7))
def test_the_size_of_batches_does_not_show(written: list[bytes], batch: int) -> None:
    records = recorded(written)

    assert folded(records, batch) == folded(records)


def test_a_last_frame_is_known_to_the_microsecond_however_the_rest_is_written() -> None:
    plain = to_bytes(health(at(0), last_frame_time=at(1)))
    body = plain.replace(iso(at(1)).encode(), b"2026-01-05T10:00:00.123456Z")
    odd = body.replace(b'"total_reconnects":0', b'"total_reconnects":"0"')
    for written in (body, odd):
        assert b"123456" in written
        [row] = folded(recorded([written]))["devices"]
        assert at(0.123456).timestamp() in row


def test_a_hub_that_says_it_was_always_up_has_listened_from_the_begin_of_time() -> None:
    body = to_bytes(tick(at(0), uptime_s=1.5)).replace(b'"uptime_s":1.5', b'"uptime_s":1e999')

    assert folded(recorded([body]))["clock"] == [(1, at(0).timestamp(), -float("inf"))]


def test_a_device_of_which_all_kinds_are_known_has_no_other() -> None:
    written = [thermal(at(0), epoch="e", sequence=1), frame(at(1), epoch="e", sequence=2)]
    before = folded(recorded([to_bytes(event) for event in written]))
    written.append(media(at(1), kind="thermal", epoch="e", sequence=3))
    after = folded(recorded([to_bytes(event) for event in written]))

    assert [row[17] for row in (*before["devices"], *after["devices"])] == ["visual thermal"] * 2
