"""What is let in at the door, and what is kept outside with which reason."""

import gzip
import json

import pytest

from bus_schemas.codec import BATCH, GZIP, to_bytes
from bus_schemas.node import GapEvent
from bus_schemas.topics import event_topic, state_topic
from consumers.ingest.decoding import read
from consumers.ingest.items import Item, RefusedMessage
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.journal.writing import Accepted
from tests import builders

SOURCE = "/sites/DEMO/devices/yard"


def arrive(payload: bytes, topic: str = "", content_type: str | None = None) -> list[Item]:
    message = Published(topic or event_topic(SOURCE, "detection"), 1, PacketProperties(content_type), payload)
    return read([message], 1)


def reason(payload: bytes, topic: str = "") -> str:
    (item,) = arrive(payload, topic)
    assert isinstance(item, RefusedMessage)
    return item.reason


def test_the_journal_gets_the_bytes_that_were_sent_with_what_it_does_not_know() -> None:
    first = to_bytes(builders.detection())[:-1] + b',  "newer": {"field": 1}}'
    second = to_bytes(builders.detection())

    items = arrive(b"[ " + first + b" ,\n" + second + b"]")

    assert [item.body for item in items] == [first, second]


def test_a_batch_may_be_packed() -> None:
    batch = b"[" + to_bytes(builders.detection()) + b"]"

    (item,) = arrive(gzip.compress(batch), content_type=BATCH + GZIP)

    assert isinstance(item, Accepted)


def test_types_may_be_mixed_on_the_topic_for_batches_only() -> None:
    frame = to_bytes(builders.frame())

    assert isinstance(arrive(frame, event_topic(SOURCE, "batch"))[0], Accepted)
    assert reason(frame) == "type watchpost.frame.v1 does not belong on a topic that ends in detection"


def test_nobody_beats_for_the_hub() -> None:
    tick = to_bytes(builders.tick())

    assert "does not belong on topic" in reason(tick, "watchpost/v1/_hub/_hub/event/heartbeat")


def test_epoch_and_sequence_come_together() -> None:
    assert reason(to_bytes(builders.detection(epoch="one"))) == "epoch and sequence come together, or not at all"


def test_a_gap_stands_where_it_says() -> None:
    gap = builders.make(
        GapEvent, builders.START, {"first": 1, "last": 5, "count": 5, "cause": "full"}, {"epoch": "one", "sequence": 6}
    )

    assert reason(to_bytes(gap), event_topic(SOURCE, "gap")) == "a gap from 1 to 5 has sequence 5, not 6"


def test_an_event_may_not_be_larger_than_a_megabyte() -> None:
    body = to_bytes(builders.detection())[:-1] + b', "padding": "' + b"x" * 1_100_000 + b'"}'

    assert reason(body).endswith("at most 1048576 are kept")


def test_only_states_come_on_the_topic_for_states_and_an_empty_one_is_nothing() -> None:
    assert reason(to_bytes(builders.detection()), state_topic(SOURCE)) == "type watchpost.detection.v1 is no state"
    assert arrive(b"", state_topic(SOURCE)) == []


def test_what_no_reader_could_read_again_is_refused() -> None:
    health = json.loads(to_bytes(builders.health(epoch="one", sequence=3)))
    health["data"]["stream_info"]["fps"] = float("nan")

    (item,) = arrive(json.dumps(health).encode(), event_topic(SOURCE, "health"))

    assert isinstance(item, RefusedMessage)
    assert item.reason == "data.stream_info.fps: Input should be a finite number"
    assert (item.epoch, item.sequence) == ("one", 3)


def test_what_is_not_json_in_a_key_that_nobody_knows_is_refused_too() -> None:
    health = json.loads(to_bytes(builders.health(epoch="one", sequence=3))) | {"new": float("inf")}

    (item,) = arrive(json.dumps(health).encode(), event_topic(SOURCE, "health"))

    assert isinstance(item, RefusedMessage)
    assert item.reason == "not JSON: it has NaN or Infinity for a number"
    assert (item.epoch, item.sequence) == ("one", 3)


@pytest.mark.parametrize(
    "payload", [b"", b"not json", b"[]", b"7", b'{"type": 1}', b"\x1f\x8bno", b"\xff\xfe", b"[" * 5000]
)
def test_anything_at_all_is_kept_with_a_reason(payload: bytes) -> None:
    items = arrive(payload)

    assert items
    assert all(isinstance(item, RefusedMessage) and item.reason for item in items)


def test_one_bad_event_of_a_batch_costs_only_itself() -> None:
    good, bad = to_bytes(builders.detection()), b'{"type":"watchpost.detection.v1","epoch":"one","sequence":2}'

    items = arrive(b"[" + b",".join([good, bad, good]) + b"]")

    assert [type(item) for item in items] == [Accepted, RefusedMessage, Accepted]
    assert [item.body for item in items] == [good, items[1].body, good]


def test_a_sequence_that_no_stream_can_have_has_no_place() -> None:
    bad = b'{"type":"watchpost.detection.v1","epoch":"one","sequence":-2}'

    (item,) = arrive(bad)

    assert isinstance(item, RefusedMessage)
    assert item.sequence is None


@pytest.mark.parametrize("count", [2**63, 10**30])
def test_a_number_that_no_store_has_room_for_is_refused(count: int) -> None:
    gap = to_bytes(builders.gap()).replace(b'"count":3', b'"count":%d' % count)
    frame = to_bytes(builders.frame(width=640)).replace(b'"width":640', b'"width":-%d' % (count + 1))

    assert reason(gap, event_topic(SOURCE, "gap")).startswith("data.count: Input should be less than or equal to 92233")
    assert reason(frame, event_topic(SOURCE, "frame")) == "data.width: Input should be greater than or equal to 0"


def test_the_largest_number_that_there_can_be_is_let_in() -> None:
    gap = to_bytes(builders.gap()).replace(b'"count":3', b'"count":%d' % (2**63 - 1))
    frame = to_bytes(builders.frame(width=640)).replace(b'"width":640', b'"width":65535')

    assert isinstance(arrive(gap, event_topic(SOURCE, "gap"))[0], Accepted)
    assert isinstance(arrive(frame, event_topic(SOURCE, "frame"))[0], Accepted)
