"""How fast messages become events."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pydantic_core import from_json

from bus_schemas import codec
from bus_schemas.event import Event
from tests.bench.measure import Measurement, median, summary, timed
from tests.builders import at, detection

BATCH = 200


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


def _encode(events: list[Event | codec.Malformed]) -> list[bytes]:
    return [codec.to_bytes(event) for event in events if isinstance(event, Event)]
