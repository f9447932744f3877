"""A hub in one process, without its bus: what devices say goes through ingest, then through every consumer."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from bus_schemas.catalogue import short_name
from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import media_properties
from bus_schemas.topics import event_topic, media_topic, state_topic
from consumers.engine import checkpoint, view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.projection import Projection
from consumers.engine.rebuild.request import RebuildRequest
from consumers.engine.rebuild.whole import rebuild, why_rebuild
from consumers.hub_config import HubConfig
from consumers.ingest.counters import IngestCounters
from consumers.ingest.intake import Intake
from consumers.ingest.packets import PacketProperties, Published
from consumers.ingest.registry import Configured, RegistryKeeper
from consumers.registry import CONSUMERS
from consumers.store.archive.disk import Archive
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders
from tests.builders import START, at


class Silence:
    """A bus on which nobody listens."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None: ...
    def acknowledge(self, messages: object) -> None: ...
    def flush(self) -> None: ...


def topic_of(event_type: str, source: str) -> str:
    name = short_name(event_type)
    return state_topic(source) if name == "state" else event_topic(source, name)


def message_of(event: Event, medium: bytes = b"bytes") -> Published:
    """As a producer sends it."""
    if isinstance(event, MediaEvent):
        properties = PacketProperties(event.data.content_type, tuple(media_properties(event)))
        return Published(media_topic(event.source, event.data.kind), 1, properties, medium)
    return Published(topic_of(event.type, event.source), 1, PacketProperties(), to_bytes(event))


class Bus:
    """Ingest without its connection, and every consumer of the hub. It may be made again on the same data.

    What is `configured` is published at the begin, at the moment of the `second`.
    """

    def __init__(self, hub: HubConfig, configured: Configured | None = None, second: float = 0) -> None:
        self.hub, data = hub, hub.data
        self._now = at(second)
        self._archive = Archive(data / "archive", lambda: self._now)
        self._journal = Journal(data / "journal", lambda: self._now)
        self._registry = RegistryKeeper(lambda: self._now, data / "journal" / "registry.json", configured)
        self._registry.load(SqliteStore(data / "journal"))
        self._journal.day_opening = self._registry.day_opening
        figures = IngestCounters(lambda: START, START)
        self._intake = Intake(self._archive, self._journal, lambda: self._now, figures, registry=self._registry)
        self._reader = SqliteJournalReader(data / "journal")
        context = ConsumerContext(data, self._reader, lambda: self._now)
        made = [make(self.hub) for make in CONSUMERS.values()]
        for one in made:
            if isinstance(one, Projection) and why_rebuild(one, data):
                rebuild(one, context, request=RebuildRequest(force=True))
        self._consumers = [
            Follower(one, context) if isinstance(one, Projection) else Deliverer(one, context) for one in made
        ]
        self._emitted: dict[str, int] = {}
        self._views = view_files.Views(data)
        list(self._said())
        for event in self._registry.pending():
            self._intake.record(event, None)

    def take(self, messages: Sequence[Published], second: float) -> None:
        self._now = at(second)
        for start in range(0, len(messages), 500):
            self._intake.take(messages[start : start + 500], Silence())

    def say(self, event: Event, second: float, medium: bytes = b"bytes") -> None:
        self.take([message_of(event, medium)], second)

    def tick(self, second: float, **given: Any) -> None:
        """Time passes in the journal."""
        self.record(builders.tick(at(second), **given), second)

    def record(self, event: Event, second: float) -> None:
        """As ingest itself publishes something."""
        self._now = at(second)
        self._intake.record(Accepted(event, to_bytes(event), micros(at(second))), None)

    def fold(self, second: float) -> None:
        """Until nobody has anything to say any more. Raises `Stopped` where a consumer fails."""
        while True:
            for consumer in self._consumers:
                while consumer.advance():
                    pass
            said = list(self._said())
            if not said:
                return
            before = self.head
            self.take(
                [Published(topic_of(one.type, one.source), 1, PacketProperties(), to_bytes(one)) for one in said],
                second,
            )
            assert self.head == before + len(said), f"what consumers say is let in: {self.refused()}"

    def refused(self) -> list[str]:
        """Why the newest messages were rejected."""
        with closing(JournalQueries(self.hub.data / "journal")) as queries:
            return [row.reason for row in queries.rejected()][:3]

    def _said(self) -> Iterator[Event]:
        """What consumers have put into their outboxes since the last time."""
        for consumer in self._consumers:
            if view_files.file_of(self.hub.data, consumer.name) is None:
                continue
            view = self._views[consumer.name]
            if not view.execute("select 1 from sqlite_master where name = 'outbox_event'").fetchone():
                continue
            after = self._emitted.get(consumer.name, 0)
            rows = view.execute(
                "select position, body from outbox_event where position > ? order by position", (after,)
            )
            for position, body in rows.fetchall():
                self._emitted[consumer.name] = position
                [event] = read_stored([body])
                yield event

    def failures(self) -> list[checkpoint.Failure]:
        found = []
        for consumer in self._consumers:
            with closing(view_files.open_view(self.hub.data, consumer.name)) as view:
                found.append(checkpoint.failure(view))
        return [failure for failure in found if failure is not None]

    def behind(self) -> list[str]:
        return [consumer.name for consumer in self._consumers if consumer.advance()]

    @property
    def head(self) -> int:
        return self._journal.head

    def close(self) -> None:
        self._views.close()
        for consumer in self._consumers:
            consumer.close()
        self._reader.close()
        self._journal.close()
        self._archive.close()
