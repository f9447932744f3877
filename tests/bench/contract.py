"""How fast messages become events, and are let in."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pydantic_core import from_json

from bus_schemas import codec
from bus_schemas.event import Event
from bus_schemas.topics import event_topic
from consumers.ingest.decoding import read
from consumers.ingest.packets import PacketProperties, Published
from producer.times import micros
from tests.bench.measure import Measurement, median, summary, timed
from tests.builders import at, detection, thermal

BATCH = 200
SINGLES = 1000


def case_decode() -> list[Measurement]:
    """Detections of 400 bytes: a batch in a message, a batch compressed, and each in a message of its own."""
    bodies = [codec.to_bytes(detection(at(number), epoch="epoch-1", sequence=number + 1)) for number in range(BATCH)]
    batch, packed = codec.pack(bodies), codec.pack(bodies, compress=True)
    runs: dict[str, Callable[[], object]] = {
        "decode a batch of 200": lambda: codec.decode(batch.body, batch.content_type),
        "decode a gzip batch of 200": lambda: codec.decode(packed.body, packed.content_type),
        "decode 200 singles": lambda: [codec.decode(body, codec.SINGLE) for body in bodies],
        "encode 200": partial(_encode, codec.decode(batch.body)),
    }
    limit = median(timed([lambda: from_json(batch.body)] * 300))
    return [
        replace(
            summary(name, timed([run] * 330)[30:], "typed events"), items=BATCH, limit="JSON to dicts", limit_ms=limit
        )
        for name, run in runs.items()
    ]


def case_door() -> list[Measurement]:
    """What ingest lets in: events one a message, as devices send them, and 200 a message, as a backlog comes."""
    received = micros(at(3600))
    groups = {
        "let in 1,000 single detections": _singles(detection, "detection"),
        "let in 1,000 single thermal events": _singles(thermal, "thermal"),
        "let in 5 batches of 200 detections": _batches(_singles(detection, "detection")),
    }
    limits = {name: _json_ms(group) for name, group in groups.items()}
    return [
        replace(
            summary(name, timed([partial(read, group, received)] * 130)[30:], "envelope, decode, topic, speaker"),
            items=SINGLES,
            limit="JSON to dicts",
            limit_ms=limits[name],
        )
        for name, group in groups.items()
    ]


def _singles(build: Callable[..., Event], name: str) -> list[Published]:
    events = [build(at(number), epoch="epoch-1", sequence=number + 1) for number in range(SINGLES)]
    topic = event_topic(events[0].source, name)
    return [Published(topic, 1, PacketProperties(codec.SINGLE), codec.to_bytes(event)) for event in events]


def _batches(singles: list[Published]) -> list[Published]:
    bodies = [message.payload for message in singles]
    return [
        Published(singles[0].topic, 1, PacketProperties(codec.BATCH), codec.pack(bodies[start : start + BATCH]).body)
        for start in range(0, SINGLES, BATCH)
    ]


def _json_ms(group: list[Published]) -> float:
    return median(timed([lambda: [from_json(message.payload) for message in group]] * 100))


def _encode(events: list[Event | codec.Malformed]) -> list[bytes]:
    return [codec.to_bytes(event) for event in events if isinstance(event, Event)]
