"""What is decoded fast is what the models would read, and never more than they take."""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, TypeAdapter

from bus_schemas import codec
from bus_schemas.catalogue import MODELS
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, Fact
from bus_schemas.settings import Roi
from bus_schemas.topics import event_topic
from consumers.ingest.decoding import read
from consumers.ingest.fast_decode import HEADERS, NotExactly, fast_decode, header_of, translate
from consumers.ingest.items import Item, RefusedMessage
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.journal.envelope import instant_of
from producer.times import micros
from tests import builders
from tests.builders import EVERY_KIND, START
from tests.examples import examples

RECEIVED = micros(START) + 1_000_000
USUAL = [build for build in EVERY_KIND if build(START).type in HEADERS]
ODD = (
    *("null", "true", "0", "-0", "1", "-1", "1.0", "1.5", "1e2", "1e400", "-1e-400", "01", "1.", ".5", "+1", "NaN"),
    *("Infinity", "65535", "65536", "9223372036854775807", "9223372036854775808", "9007199254740993.0", "9" * 400),
    *('""', '"1"', '"A"', '"A\\n"', '"A\n"', '"\\u0041"', '"\\ud800"', '"\\ud83d\\ude00"', '"' + "ä" * 65 + '"'),
    *('"' + "x" * 128 + '"', '"' + "x" * 129 + '"', '"DEMO/yard/capture/one"', '"DEMO/yard/capture/one\\n"', "'A'"),
    *('"2026-01-05T10:00:00Z"', '"2026-01-05T10:00:00.1Z"', '"2026-01-05T10:00:00.1234567Z"', '"2026-01-05"'),
    *('"2026-01-05T10:00:00.9999999Z"', '"2026-01-05T10:00:60Z"', '"2026-02-30T10:00:00Z"', '"2026-01-05T24:00:00Z"'),
    *('"2026-01-05T10:00:00+01:00"', '"2026-01-05t10:00:00z"', '"2026-01-05 10:00:00Z"', '"2026-W01-1T10:00:00.000Z"'),
    *('"1969-12-31T23:59:59.999Z"', '"2199-12-31T23:59:59.999999Z"', '"2200-01-01T00:00:00Z"', "1767607200"),
    *('"\u0662026-01-05T10:00:00Z"', '"2026-01-05T10:00:00.\u0661Z"', '"start"', '"healthy"', '"watchpost.frame.v1"'),
    *("[]", "{}", "[1]", "[[0,0],[1,1]]", "[0.1,0.2,0.3,0.4]", "[0.1,0.2,0.3]", '["A"]', '{"a":1}', "[" * 300),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value something else could be."""
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def put(tree: Any, path: tuple[Any, ...], value: str) -> bytes:
    holder = tree
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = "@here@"
    return json.dumps(tree, separators=(",", ":")).replace('"@here@"', value).encode()


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """An event with something odd at one place, or a key more, or a byte changed."""
    event = draw(st.sampled_from(EVERY_KIND))(START, epoch="one", sequence=7)
    tree = json.loads(event.model_dump_json(exclude_none=draw(st.booleans())))
    where = draw(st.sampled_from(list(places(tree))))
    way = draw(st.sampled_from(["value", "key", "twice", "byte"]))
    if way == "value":
        return put(tree, where, draw(st.sampled_from(ODD)))
    body = json.dumps(tree).encode()
    if way == "byte":
        place = draw(st.integers(0, len(body) - 1))
        return body[:place] + draw(st.binary(max_size=2)) + body[place + 1 :]
    names = ["new"] if way == "key" else [name for name in where if isinstance(name, str)]
    return b"{" + f'"{draw(st.sampled_from(names))}":{draw(st.sampled_from(ODD))},'.encode() + body[1:]


@pytest.mark.parametrize("build", USUAL)
def test_what_is_seen_is_what_the_model_reads(build: Any) -> None:
    event = build(START, epoch="one", sequence=7)

    (header,) = fast_decode([to_bytes(event)])

    assert header is not None
    assert (header.id, header.source, header.type) == (event.id, event.source, event.type)
    assert (header.time, header.epoch, header.sequence) == (event.time, "one", 7)
    received = micros(event.time) + 1
    assert instant_of(header, received) == instant_of(event, received) == micros(event.time)


def seen_rightly(body: bytes) -> bool:
    """Whether an event is not seen, or as its model reads it."""
    (header,) = fast_decode([body])
    if header is None or header.source != builders.detection().source:
        return True
    (event,) = codec.read_stored([body])
    return (header.id, header.type, header.time, header.source, header.epoch, header.sequence) == (
        *(event.id, event.type, event.time, event.source, event.epoch, event.sequence),
    )


@given(bent())
@example(to_bytes(builders.detection()).replace(b'"people_count":1', b'"people_count":1,"\xff":1'))
@example(
    to_bytes(builders.detection()).replace(b'"people_count":1', b'"people_count":1,"new":' + b"[" * 300 + b"]" * 300)
)
def test_nothing_is_seen_that_its_model_would_not_take(body: bytes) -> None:
    assert seen_rightly(body)


def nothing_fast(bodies: Sequence[bytes]) -> list[None]:
    return [None] * len(bodies)


def outcome(item: Item) -> object:
    """Whether it comes in, and all that is written of it."""
    if isinstance(item, RefusedMessage):
        return item
    event, received = item.event, item.received
    written = (event.id, event.source, event.type, event.epoch, event.sequence, instant_of(event, received))
    return (type(item), written, item.body, received)


@st.composite
def messages(draw: st.DrawFn) -> Published:
    """One event, or several with something odd in some, on a topic that is mostly theirs."""
    bodies = draw(st.lists(st.one_of(bent(), st.sampled_from(EVERY_KIND).map(body_of)), min_size=1, max_size=4))
    names = ["batch", "detection", "frame", "thermal", "state"]
    topic = f"watchpost/v1/DEMO/{draw(st.sampled_from(['yard', 'gate']))}/event/{draw(st.sampled_from(names))}"
    payload = bodies[0] if len(bodies) == 1 else b"[" + b",".join(bodies) + b"]"
    return Published(topic, 1, PacketProperties(), payload)


def body_of(build: Any) -> bytes:
    return to_bytes(build(START, epoch="one", sequence=7))


@examples(120)
@given(st.lists(messages(), min_size=1, max_size=4))
def test_the_fast_and_the_exact_way_let_in_the_same_and_write_the_same(group: list[Published]) -> None:
    fast = [outcome(item) for item in read(group, RECEIVED)]
    exact = [outcome(item) for item in read(group, RECEIVED, nothing_fast)]

    assert fast == exact


@given(st.lists(messages(), min_size=2, max_size=4))
def test_what_else_arrives_changes_nothing_for_a_message(group: list[Published]) -> None:
    alone = [outcome(item) for message in group for item in read([message], RECEIVED)]

    assert [outcome(item) for item in read(group, RECEIVED)] == alone


@pytest.mark.parametrize("build", USUAL)
def test_no_odd_value_at_any_place_is_decided_otherwise_by_the_fast_way(build: Any) -> None:
    tree = json.loads(build(START, epoch="one", sequence=7).model_dump_json())
    bodies = [put(copy.deepcopy(tree), path, value) for path in places(tree) for value in ODD]
    topic = event_topic(tree["source"], "batch")
    group = [Published(topic, 1, PacketProperties(), body) for body in bodies]

    assert [*map(outcome, read(group, RECEIVED))] == [*map(outcome, read(group, RECEIVED, nothing_fast))]


@pytest.mark.thorough
@pytest.mark.parametrize("build", USUAL)
def test_no_odd_value_is_seen_at_any_place_where_its_model_would_not_take_it(build: Any) -> None:
    tree = json.loads(build(START, epoch="one", sequence=7).model_dump_json())
    odd = [(path, value) for path in places(tree) for value in ODD]

    assert [one for one in odd if not seen_rightly(put(copy.deepcopy(tree), *one))] == []


def test_one_unusual_event_does_not_hide_the_others() -> None:
    usual, unusual = to_bytes(builders.detection()), to_bytes(builders.alert())

    seen = fast_decode([usual, unusual, usual])

    assert [header is not None for header in seen] == [True, False, True]


def test_an_event_that_is_nested_deeper_than_the_decoder_goes_does_not_hide_the_others() -> None:
    usual = to_bytes(builders.detection())
    deep = put(json.loads(usual), ("specversion",), "[" * 5000 + "]" * 5000)

    assert [header is not None for header in fast_decode([usual, deep, usual])] == [True, False, True]
    assert [header is not None for header in fast_decode([deep])] == [False]


def test_the_events_that_come_often_are_decoded_fast() -> None:
    assert MODELS.keys() - HEADERS.keys() == {
        "watchpost.alert.v1",
        "watchpost.annotation.v1",
        "watchpost.command.v1",
        "watchpost.gap.v1",
        "watchpost.incident.v1",
        "watchpost.incident.v2",
        "watchpost.media.v1",
        "watchpost.recording.v1",
        "watchpost.registry.v1",
        "watchpost.review.v1",
        "watchpost.rules.v1",
        "watchpost.settings.v1",
        "watchpost.state.v1",
    }


class Loud(Fact, str_to_upper=True):
    name: str


@pytest.mark.parametrize(
    "model",
    [
        Loud,
        Roi,
        dict[str, int],
        bytes,
        AwareDatetime,
        Annotated[str, Field(pattern=r"^\w+$")],
        Annotated[str, Field(pattern=r"[a-z]")],
        Annotated[int, Field(multiple_of=2)],
        Annotated[str, Field(strict=True)],
    ],
)
def test_what_cannot_be_translated_exactly_is_left_to_its_model(model: Any) -> None:
    with pytest.raises(NotExactly):
        translate(TypeAdapter(model).core_schema)


def test_an_envelope_with_more_in_it_is_left_to_its_model() -> None:
    class WithMore(Event):
        data: Fact
        more: int

    with pytest.raises(NotExactly, match="envelope"):
        header_of(WithMore)


def test_the_end_of_a_text_is_its_end() -> None:
    name = translate(TypeAdapter(Annotated[str, Field(pattern="^[a-z]{1,3}$")]).core_schema)

    assert msgspec.json.decode(b'"abc"', type=name) == "abc"
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"abc\\n"', type=name)
