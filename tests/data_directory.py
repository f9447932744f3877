"""A data directory with a journal, an archive and folded views, made without a bus, as ingest would write it."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from consumers.alerting.rules import AlertRules
from consumers.engine.follower import ConsumerContext, Follower
from consumers.hub_config import HubConfig
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite, RegistryKeeper
from consumers.registry import consumer_registry
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders
from tests.builders import START, at, numbered

_DEVICES = (ConfiguredDevice("yard", "Yard"), ConfiguredDevice("oven", "Oven", ("thermal",)))
NOTHING = Configured()
"""For a journal of which a test says itself what stands in it, position by position."""
CONFIGURED = Configured((ConfiguredSite("DEMO", "Demo yard", "Europe/Berlin", _DEVICES),), AlertRules().values())


def hub_of(data: Path) -> HubConfig:
    return HubConfig(data=data, archive=lambda: ArchiveReader(data / "archive"))


def write(
    data: Path,
    events: Sequence[tuple[datetime, Event]],
    payloads: dict[str, bytes] | None = None,
    configured: Configured = CONFIGURED,
) -> None:
    """Append events, each with the moment at which it was received; all media have their bytes.

    What is configured comes first where it has changed, and a day begins with all that is registered.
    """
    first, now = events[0][0], events[-1][0]
    media = [
        (event.data, event.time, (payloads or {})[event.data.key])
        for _, event in events
        if isinstance(event, MediaEvent)
    ]
    with Archive(data / "archive", lambda: now) as archive:
        archive.store(media)
    with Journal(data / "journal", lambda: now) as journal:
        registry = RegistryKeeper(lambda: first, data / "journal" / "registry.json", configured)
        registry.load(SqliteStore(data / "journal"))
        journal.day_opening = registry.day_opening
        given = [Accepted(event, to_bytes(event), micros(received)) for received, event in events]
        for group in (registry.pending(), given):
            if group:
                journal.append(group)
                registry.take(group, journal.head)


def fold(data: Path, *names: str, of: HubConfig | None = None) -> None:
    """Bring these views to the head, of this hub or of ours."""
    hub = of or hub_of(data)
    with closing(SqliteJournalReader(data / "journal")) as reader:
        for name in names:
            with closing(
                Follower(consumer_registry(hub).projection(name), ConsumerContext(data, reader, lambda: START))
            ) as follower:
                while follower.advance():
                    pass


@dataclass
class Reported:
    """Events and the bytes of their media."""

    events: list[tuple[datetime, Event]] = field(default_factory=list)
    payloads: dict[str, bytes] = field(default_factory=dict)


def minutes(count: int = 3, *, start: datetime = START) -> Reported:
    """Minutes of one camera and one thermal sensor, with pictures, and the hub's ticks."""
    reported = Reported()
    events: list[Event] = []
    for second in range(0, count * 60, 5):
        moment = start + (at(second) - START)
        thumbnail = builders.media(moment, payload := f"picture {second}".encode() * 20)
        reported.payloads[thumbnail.data.key] = payload
        events += [
            builders.tick(moment, uptime_s=float(second)),
            thumbnail,
            builders.frame(moment, media=(thumbnail.data.key,)),
            builders.thermal(moment, device="oven", hottest=40.0 + second),
        ]
        if second % 30 == 0:
            events += [builders.health(moment), builders.detection(moment), builders.motion(moment)]
    reported.events = [(event.time, event) for event in numbered(events)]
    return reported
