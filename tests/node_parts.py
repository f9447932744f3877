"""Events and a running relay for tests of the producer's half; valid by default."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bus_schemas.camera import Detection, DetectionEvent, Frame, FrameEvent
from bus_schemas.event import device_source, place
from bus_schemas.media import MediaEvent, Segment, SegmentEvent
from bus_schemas.media_codec import describe, media_key
from bus_schemas.node import Health, HealthEvent
from producer.broker import BrokerAddress
from producer.ids import Ids, utc_now
from producer.outbox.tables import Draft
from producer.relay.bus_messages import Incoming
from producer.relay.relay import Relay, RelayOptions, ignore
from tests.threads import in_a_thread

SOURCE = device_source("YARD", "GATE")
OTHER = device_source("YARD", "DOOR")
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
new_id = Ids(utc_now)


def detection(people: int = 0, source: str = SOURCE, at: datetime = NOON) -> Draft:
    return Draft(DetectionEvent(id=new_id(), source=source, time=at, data=Detection(people_count=people)))


def frame(source: str = SOURCE, at: datetime = NOON) -> Draft:
    return Draft(FrameEvent(id=new_id(), source=source, time=at, data=Frame(blackscreen=False)))


def health(source: str = SOURCE, at: datetime = NOON) -> Draft:
    return Draft(HealthEvent(id=new_id(), source=source, time=at, data=Health(status="healthy")))


def segment(source: str = SOURCE, at: datetime = NOON) -> Draft:
    data = Segment(start=at, duration_s=10.0, media=())
    return Draft(SegmentEvent(id=new_id(), source=source, time=at, data=data))


def medium(
    payload: bytes = b"\xff\xd8picture", kind: str = "capture", source: str = SOURCE, at: datetime = NOON
) -> Draft:
    event_id = new_id()
    described = describe(media_key(*place(source), kind, event_id), payload)
    return Draft(MediaEvent(id=event_id, source=source, time=at, data=described), payload)


def ticking(start: datetime = NOON) -> Callable[[], datetime]:
    """A clock that is a second later each time it is read."""
    moments = iter(start + timedelta(seconds=second) for second in range(1_000_000))
    return lambda: next(moments)


@contextmanager
def running_relay(
    path: Path, port: int, options: RelayOptions | None = None, on_message: Callable[[Incoming], None] = ignore
) -> Iterator[Relay]:
    options = options or RelayOptions(syncs=False)  # The outbox of a node waits for the disk.
    relay = Relay(path, BrokerAddress(port=port), utc_now, options, on_message)
    with in_a_thread(relay.run, relay.wake):
        yield relay
