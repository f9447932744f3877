"""Recorded events: what a journal tells of one without parsing it is what the event says."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct
from msgspec.json import Decoder
from pydantic import ValidationError

from bus_schemas.camera import MotionEvent
from bus_schemas.codec import decode, to_bytes
from bus_schemas.event import HUB_SOURCE, Event
from bus_schemas.limits import ADDRESS_ID
from bus_schemas.upcasts import upcast
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.record import Recorded
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from tests import builders
from tests.examples import examples
from tests.journal_bodies import RECEIVED, journaled

GOLDEN = Path(__file__).parents[3] / "contract" / "golden"

MOMENTS = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - the zone is drawn
    datetime(2199, 12, 30),  # noqa: DTZ001 - likewise
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]),
)
ANY_ID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)


def ids(make: Callable[[], Event]) -> SearchStrategy[str]:
    """Those that an event of this kind may bear: some are looked up at addresses that have them."""
    narrowed = type(make()).model_fields["id"].metadata
    is_looked_up = any(getattr(part, "pattern", None) == ADDRESS_ID for part in narrowed)
    return st.from_regex(ADDRESS_ID, fullmatch=True) if is_looked_up else ANY_ID


EVENTS = st.sampled_from(builders.EVERY_KIND).flatmap(
    lambda make: st.builds(
        lambda time, device, name: make(time).model_copy(
            update={"source": HUB_SOURCE if device is None else f"/sites/DEMO/devices/{device}", "id": name}
        ),
        MOMENTS,
        st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True) | st.none(),
        ids(make),
    )
)


def columns(record: Recorded) -> tuple[object, ...]:
    reported = record.model, record.source, record.where, record.epoch, record.id
    return *reported, record.time_us, record.time_s, record.received_us


def example_bodies() -> list[bytes]:
    """All of an epoch of its own, so that they are of one journal."""
    return [
        json.dumps({**example, "epoch": file.stem[:60], "sequence": number}).encode()
        for file in sorted(GOLDEN.glob("*.json"))
        for number, example in enumerate(json.loads(file.read_text()), 1)
    ]


def test_an_old_record_that_cannot_be_read_is_found_out_by_whoever_asks_what_it_says(tmp_path: Path) -> None:
    good, bad = builders.motion_v1(), builders.motion_v1(id="bad")
    broken = to_bytes(bad).replace(b'"frame_count":20', b'"frame_count":-20')
    with Journal(tmp_path, lambda: builders.START) as journal:
        journal.append([Accepted(bad, broken, RECEIVED), Accepted(good, to_bytes(good), RECEIVED)])
    with closing(SqliteJournalReader(tmp_path)) as reader:
        damaged, whole = reader.read(0, (MotionEvent,)).records

    assert whole.event == upcast(good)
    assert (damaged.position, damaged.id, damaged.model, damaged.source) == (1, "bad", MotionEvent, bad.source)
    with pytest.raises(ValidationError):
        _ = damaged.event


def test_every_event_ever_released_is_read_as_it_was_decoded() -> None:
    bodies = example_bodies()

    for body, record in zip(bodies, journaled(bodies), strict=True):
        [event] = decode(body)
        assert isinstance(event, Event)
        current = upcast(event)
        assert (record.event, record.event.model_dump()) == (current, current.model_dump())
        assert record.event.model_fields_set == current.model_fields_set
        assert columns(record) == columns(Recorded(record.position, record.received, current))


@examples(25)
@given(st.lists(EVENTS, max_size=12))
def test_what_is_told_without_parsing_is_what_the_event_says(events: list[Event]) -> None:
    placed = [event.model_copy(update={"epoch": f"epoch-{n}", "sequence": 1}) for n, event in enumerate(events)]
    bodies = [to_bytes(event) for event in placed]

    for body, record in zip(bodies, journaled(bodies), strict=True):
        [event] = decode(body)
        assert isinstance(event, Event)
        whole = Recorded(record.position, record.received, upcast(event))
        assert columns(record) == columns(whole)
        assert record == whole
        assert record.received_us == RECEIVED


class _People(Struct):
    people_count: int = 0


class _Detected(Struct):
    data: _People


@pytest.mark.parametrize("written", ["7", '"7"', "7.0"])
def test_a_part_is_read_however_it_was_written(written: str) -> None:
    body = to_bytes(builders.detection(people_count=7)).replace(
        b'"people_count":7', b'"people_count":' + written.encode()
    )
    [record] = journaled([body])

    assert record.decode(Decoder(_Detected)).data.people_count == 7


def test_a_part_of_an_old_version_is_read_as_the_current_one_has_it() -> None:
    class Moved(Struct):
        phase: str
        duration_s: float

    class Motion(Struct):
        data: Moved

    [record] = journaled([to_bytes(builders.motion_v1())])

    assert record.decode(Decoder(Motion)).data == Moved("end", 4.0)


def test_an_event_is_parsed_once() -> None:
    [record] = journaled([to_bytes(builders.frame())])
    first = record.event

    assert record.event is first
