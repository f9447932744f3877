"""Publishes a range of the log again, at its own pace or as fast as it goes, and waits for the watermarks."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bus_schemas.event import RESERVED, place
from bus_schemas.media import MediaEvent
from bus_schemas.node import GapEvent
from bus_schemas.streams import traffic_of
from consumers.upkeep.log_transfer.log_slice import LogEntry
from consumers.upkeep.log_transfer.site_rename import renamed
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.priority import priority_of
from producer.outbox.tables import Draft, DroppedDrafts, Item
from producer.relay.bulk_sender import BulkSender

NOT_KEPT = "medium_not_kept"
"""The cause of a gap where a medium is not in the archive any more."""

_AHEAD_S = 0.02


@dataclass(frozen=True, slots=True)
class ResendOptions:
    """`speed` None is as fast as it goes; `into` None keeps the site."""

    broker: BrokerAddress
    speed: float | None = 1.0
    into: str | None = None


@dataclass(slots=True)
class ResendReport:
    """`left_out` are events of hub consumers: whoever receives the others makes its own. `lost` are media not kept."""

    events: int = 0
    media: int = 0
    lost: int = 0
    left_out: int = 0
    unconfirmed: int = 0


OnSent = Callable[[ResendReport, int], None]
"""Called with how many events are put so far, and how many of them are not yet confirmed."""


def resend(
    entries: Iterable[list[LogEntry]], how: ResendOptions, stopping: threading.Event, on_sent: OnSent
) -> ResendReport:
    """Until everything is confirmed, or `stopping`."""
    sent = ResendReport()
    with (
        TemporaryDirectory(prefix="watchpost-replay-") as directory,
        BulkSender(Path(directory) / "outbox.sqlite", how.broker, utc_now) as sender,
    ):
        for batch in _paced(entries, how.speed, stopping):
            sender.room(stopping)
            if stopping.is_set():
                break
            items = [item for entry in batch if (item := _item(entry, how.into, sent)) is not None]
            if items:
                sender.put(items)
            on_sent(sent, sender.waiting())
        sent.unconfirmed = sender.drain(stopping, lambda waiting: on_sent(sent, waiting))
    return sent


def _item(entry: LogEntry, into: str | None, sent: ResendReport) -> Item | None:
    event = entry.event
    if place(event.source)[1] in RESERVED:
        sent.left_out += 1
        return None
    if into is not None:
        event = renamed(event, entry.body, into)
    sent.events += 1
    if isinstance(event, GapEvent):
        count = event.data.last - event.data.first + 1
        return DroppedDrafts(event.source, event.data.cause, event.time, count, traffic_of(event.epoch or ""))
    if isinstance(event, MediaEvent):
        if entry.medium is None:
            sent.lost += 1
            return DroppedDrafts(event.source, NOT_KEPT, event.time, traffic=priority_of(event).traffic)
        sent.media += 1
    return Draft(event, entry.medium)


def _paced(
    entries: Iterable[list[LogEntry]], speed: float | None, stopping: threading.Event
) -> Iterator[list[LogEntry]]:
    """Yield events that are due together, when they are due."""
    began, first = time.monotonic(), None
    for page in entries:
        if speed is None:
            yield page
            continue
        batch: list[LogEntry] = []
        for entry in page:
            first = entry.received if first is None else first
            due = began + (entry.received - first) / 1e6 / speed
            if due > time.monotonic() + _AHEAD_S:
                if batch:
                    yield batch
                batch = []
                if stopping.wait(max(0.0, due - time.monotonic())):
                    return
            batch.append(entry)
        yield batch
