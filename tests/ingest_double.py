"""An ingest that keeps what it is given in memory, to hold a producer against the watermark protocol."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.codec import Malformed, decode
from bus_schemas.event import Event
from bus_schemas.media_codec import MediaMessage, decode_media
from bus_schemas.node import GapEvent
from bus_schemas.protocol import Watermark
from bus_schemas.topics import ALL_EVENTS, ALL_MEDIA, ALL_STATES, parse, watermark_topic

Stream = tuple[str, str]


class IngestDouble:
    """Accepts what continues a stream, drops the rest, and announces watermarks unless it is `silent`.

    As the real one, it says what it has anew on each connection, and nothing of what it had said on the one before.
    """

    def __init__(self, port: int) -> None:
        self.events: dict[Stream, list[Event]] = {}
        self.media: dict[str, bytes] = {}
        self.watermarks: dict[Stream, int] = {}
        self.messages: list[str] = []
        self.malformed: list[str] = []
        self.states: list[Event] = []
        self.silent = False
        self.deaf = False
        self._session = ""
        self._connected = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port, keepalive=5)
        self._client.loop_start()
        assert self._connected.wait(30)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def all_events(self) -> list[Event]:
        return [event for events in self.events.values() for event in events]

    def announce(self, stream: Stream, sequence: int) -> None:
        source, epoch = stream
        body = Watermark(source=source, epoch=epoch, sequence=sequence, session=self._session).model_dump_json()
        # What is to be confirmed, paho would send again on its next connection, after newer ones.
        self._client.publish(watermark_topic(source), body, qos=0, retain=True)

    def forget_after(self, stream: Stream, sequence: int) -> None:
        """Lose what came later, as a journal does that was restored from a backup."""
        self.events[stream] = [event for event in self.events[stream] if (event.sequence or 0) <= sequence]
        self.watermarks[stream] = sequence
        self.announce(stream, sequence)

    def _on_connect(self, client: Client, *_: Any) -> None:
        self._session = uuid4().hex
        client.subscribe([(ALL_EVENTS, 1), (ALL_MEDIA, 1), (ALL_STATES, 1)])
        for stream, sequence in self.watermarks.items():
            self.announce(stream, sequence)
        self._connected.set()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        topic = parse(message.topic)
        self.messages.append(message.topic)
        if self.deaf:
            return
        if topic.channel == "state":
            self.states += [event for event in decode(bytes(message.payload)) if isinstance(event, Event)]
            return
        streams = set()
        for event in self._read(message):
            if isinstance(event, Malformed):
                self.malformed.append(event.reason)
            else:
                streams.add(self._take(event))
        if not self.silent:
            for stream in streams:
                self.announce(stream, self.watermarks.get(stream, 0))

    def _read(self, message: MQTTMessage) -> list[Event | Malformed]:
        topic = parse(message.topic)
        content_type = getattr(message.properties, "ContentType", None)
        if topic.channel == "event":
            return decode(bytes(message.payload), content_type)
        properties = getattr(message.properties, "UserProperty", [])
        payload = bytes(message.payload)
        event = decode_media(
            MediaMessage(
                topic.site, topic.device, topic.name or "", content_type, properties, datetime.now(UTC), payload
            )
        )
        if not isinstance(event, Malformed):
            self.media[event.data.key] = payload
        return [event]

    def _take(self, event: Event) -> Stream:
        assert event.epoch is not None
        assert event.sequence is not None
        stream = (event.source, event.epoch)
        held = self.watermarks.get(stream, 0)
        first = event.data.first if isinstance(event, GapEvent) else event.sequence
        if first <= held + 1 <= event.sequence:
            self.events.setdefault(stream, []).append(event)
            self.watermarks[stream] = event.sequence
        return stream


def are_numbered(events: Sequence[Event]) -> bool:
    """Whether each stream is 1, 2, 3 … in this order."""
    streams: defaultdict[tuple[str, str | None], list[int | None]] = defaultdict(list)
    for event in events:
        streams[event.source, event.epoch].append(event.sequence)
    return all(found == list(range(1, len(found) + 1)) for found in streams.values())


@contextmanager
def ingest_double(port: int) -> Iterator[IngestDouble]:
    ingest = IngestDouble(port)
    try:
        yield ingest
    finally:
        ingest.close()
