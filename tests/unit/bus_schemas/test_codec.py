import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bus_schemas import codec
from bus_schemas.codec import Malformed
from bus_schemas.event import Event
from tests import builders
from tests.builders import EVERY_KIND, START

EVENTS = st.builds(
    lambda build, second, given: build(builders.at(second), **given),
    st.sampled_from(EVERY_KIND),
    st.integers(-(10**9), 10**9),
    st.fixed_dictionaries(
        {"id": st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)},
        optional={"epoch": st.just("epoch-1"), "sequence": st.integers(1, 2**63 - 1)},
    ),
)


@given(st.lists(EVENTS, min_size=1, max_size=5), st.booleans())
def test_what_is_packed_is_read_again(events: list[Event], compress: bool) -> None:
    packed = codec.pack([codec.to_bytes(event) for event in events], compress=compress)

    assert codec.decode(packed.body, packed.content_type) == events


@given(EVENTS)
def test_what_is_stored_is_read_again(event: Event) -> None:
    assert codec.read_stored([codec.to_bytes(event)] * 3) == [event] * 3


def test_one_event_is_a_single_and_several_are_a_batch() -> None:
    body = codec.to_bytes(builders.detection())

    assert codec.pack([body]).content_type == "application/cloudevents+json"
    assert codec.pack([body, body]).content_type == "application/cloudevents-batch+json"
    assert codec.pack([body] * 20, compress=True).content_type == "application/cloudevents-batch+json+gzip"


def test_what_does_not_get_smaller_is_not_compressed() -> None:
    short = codec.to_bytes(builders.state(id="s"))

    assert codec.pack([short], compress=True) == codec.Packed(codec.SINGLE, short)


def test_gzip_is_recognised_without_a_content_type() -> None:
    event = builders.detection()

    assert codec.decode(gzip.compress(codec.to_bytes(event))) == [event]


@given(
    st.binary(max_size=300),
    st.none() | st.sampled_from([codec.SINGLE, codec.BATCH, codec.SINGLE + codec.GZIP, "text/plain"]),
)
@example(b"", None)
@example(b"\x1f\x8b", None)
@example(b"[" * 5000, None)
@example(b'{"a":' * 5000, None)
@example(b"[}", None)
@example(b"1]", None)
@example(b"[1,2", None)
@example(b"\xff\xfe", None)
@example(b"[]", None)
@example(b"[NaN]", None)
@example(b'{"epoch": "e", "sequence": 1e400}', None)
@example(b'{"type": "watchpost.detection.v1", "id": "\\ud800"}', None)
def test_bytes_are_events_or_malformed_and_never_an_exception(payload: bytes, content_type: str | None) -> None:
    found = codec.decode(payload, content_type)

    assert found
    assert all(isinstance(one, Malformed) and one.reason for one in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(EVERY_KIND), st.data())
def test_an_event_with_any_value_in_any_place_is_an_event_or_malformed(build: object, data: st.DataObject) -> None:
    assert callable(build)
    envelope = json.loads(codec.to_bytes(build(START)))
    target = data.draw(st.sampled_from([envelope, envelope["data"]]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)

    [found] = codec.decode(json.dumps(envelope).encode())

    assert isinstance(found, Event | Malformed)


def test_one_bad_event_of_a_batch_costs_only_itself() -> None:
    good = builders.detection(id="good")
    bad = {**json.loads(codec.to_bytes(builders.detection())), "epoch": "epoch-1", "sequence": 5}
    bad["data"]["people_count"] = -1
    body = b"[" + codec.to_bytes(good) + b"," + json.dumps(bad).encode() + b"," + codec.to_bytes(good) + b"]"

    first, second, third = codec.decode(body)

    assert first == third == good
    assert isinstance(second, Malformed)
    assert second.reason == "data.people_count: Input should be greater than or equal to 0"
    assert (second.epoch, second.sequence) == ("epoch-1", 5)
    assert json.loads(second.body) == bad


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"hello", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "an empty batch"),
        (b'{"id": "a"}, {"id": "b"}', "not JSON"),
        (b"[1]", "an event is a JSON object, not int"),
        (b'{"type": "watchpost.weather.v1"}', "type watchpost.weather.v1 is not known"),
        (b"{}", "type"),
        (b"[" + b"1," * 10_000 + b"1]", "a batch of 10001 events; at most 10000 fit in one"),
    ],
)
def test_a_reason_is_a_sentence(body: bytes, reason: str) -> None:
    found = codec.decode(body)[0]

    assert isinstance(found, Malformed)
    assert reason in found.reason


def test_a_batch_of_too_many_good_events_is_refused_as_well() -> None:
    body = codec.to_bytes(builders.state())

    [found] = codec.decode(b"[" + b",".join([body] * 10_001) + b"]")

    assert isinstance(found, Malformed)
    assert found.reason == "a batch of 10001 events; at most 10000 fit in one"


def test_a_bomb_is_unpacked_no_further_than_a_message_may_be() -> None:
    bomb = gzip.compress(b" " * (codec.MAX_UNPACKED_BYTES + 1))

    [found] = codec.decode(bomb, codec.SINGLE + codec.GZIP)

    assert found == Malformed(bomb, "the payload unpacks to more than 4194304 bytes")


def test_gzip_of_exactly_the_largest_size_is_unpacked() -> None:
    assert len(codec.unpack(gzip.compress(b" " * codec.MAX_UNPACKED_BYTES))) == codec.MAX_UNPACKED_BYTES


def test_gzip_that_is_cut_off_says_so() -> None:
    whole = gzip.compress(codec.to_bytes(builders.detection()))

    [found] = codec.decode(whole[:-9], codec.SINGLE + codec.GZIP)

    assert isinstance(found, Malformed)
    assert found.reason == "the gzip payload is cut off"


def test_a_second_gzip_payload_is_not_lost_silently() -> None:
    one = gzip.compress(codec.to_bytes(builders.detection()))

    [found] = codec.decode(one + one, codec.SINGLE + codec.GZIP)

    assert isinstance(found, Malformed)
    assert found.reason == f"{len(one)} bytes follow the gzip payload"


@pytest.mark.parametrize(
    "place", [{"epoch": "e" * 65, "sequence": 1}, {"epoch": "e", "sequence": 2**63}, {"epoch": "e", "sequence": 0}]
)
def test_what_is_no_place_in_a_stream_is_none(place: dict[str, object]) -> None:
    [found] = codec.decode(json.dumps({"type": "watchpost.detection.v1", **place}).encode())

    assert isinstance(found, Malformed)
    assert (found.epoch, found.sequence) == (None, None)


def test_unknown_keys_of_a_newer_producer_are_no_reason_to_refuse() -> None:
    newer = {**json.loads(codec.to_bytes(builders.detection())), "traceparent": "00-1"}
    newer["data"]["pose"] = "standing"

    [found] = codec.decode(json.dumps(newer).encode())

    assert isinstance(found, Event)
