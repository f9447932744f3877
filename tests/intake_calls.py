"""What an intake calls, in its order, and messages for it."""

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, device_source
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import describe, media_properties
from bus_schemas.topics import event_topic, media_topic
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.archive.disk import Medium
from consumers.store.journal.writing import Accepted, ForeignId, Rejected, SequenceKey, StreamState

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class Calls:
    """Archive, journal and bus in one, which write down what is asked of them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.failure: Exception | None = None
        self.failure_of_media: Exception | None = None
        self.may_store = threading.Event()
        """Cleared by a test in which media take long."""
        self.may_store.set()
        self.head = 0
        self.streams: dict[tuple[str, str], StreamState] = {}
        self.foreign: set[ForeignId] = set()

    def watermark(self, source: str, epoch: str) -> int:
        state = self.streams.get((source, epoch))
        return state.watermark if state else 0

    def event_ids(self, keys: Sequence[SequenceKey]) -> dict[SequenceKey, str]:
        return {key: "held" for key in keys if key[2] <= self.watermark(*key[:2])}

    def known_ids(self, ids: Sequence[ForeignId]) -> set[ForeignId]:
        return self.foreign.intersection(ids)

    def foreign_bodies(self, ids: Sequence[ForeignId]) -> dict[ForeignId, bytes]:
        return {}

    def store(self, media: Sequence[Medium]) -> int:
        if media:
            assert self.may_store.wait(10)
            if self.failure_of_media is not None:
                raise self.failure_of_media
            self.made.append(f"store {len(media)}")
        return len(media)

    def digests(self, keys: Iterable[str]) -> dict[str, str]:
        return {}

    def append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected] = ()) -> int:
        if self.failure is not None:
            raise self.failure
        self.made.append(f"append {len(accepted)} reject {len(rejected)}")
        for one in accepted:
            if one.event.epoch is not None:
                state = StreamState(1, one.event.sequence or 0, one.received, 0)
                self.streams[one.event.source, one.event.epoch] = state
            else:
                self.foreign.add((one.event.source, one.event.id))
        self.head += len(accepted)
        return self.head

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None:
        self.made.append(f"publish {topic} qos {qos}{' retained' if retain else ''}")

    def acknowledge(self, messages: Sequence[Published]) -> None:
        self.made.append(f"acknowledge {[message.packet_id for message in messages]}")

    def flush(self) -> None:
        self.made.append("flush")


def message(event: Event, packet_id: int, name: str = "detection") -> Published:
    return Published(event_topic(event.source, name), packet_id, PacketProperties(), to_bytes(event))


def picture(packet_id: int, *, size: int = 5, device: str = "yard", **given: Any) -> Published:
    payload = b"bytes".ljust(size)
    described = describe(f"DEMO/{device}/capture/one", payload)
    event = MediaEvent(id="one", source=device_source("DEMO", device), time=NOW, data=described, **given)
    properties = PacketProperties("image/jpeg", tuple(media_properties(event)))
    return Published(media_topic(event.source, "capture"), packet_id, properties, payload)
