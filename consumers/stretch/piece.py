"""What a stretch of the log consists of, and how it is read from a data directory."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bus_schemas.codec import read_stored
from bus_schemas.event import HUB_SOURCE, Event, place
from bus_schemas.media import MediaEvent
from consumers.archive.reader import ArchiveReader
from consumers.journal.days import micros
from consumers.journal.reader import OpenDays, Row

PAGE = 500
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """An event as it is stored, the moment at which it was received in microseconds since 1970, and its medium."""

    received: int
    event: Event
    body: bytes
    medium: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was received from `start` to before `end`: of one site with the hub's ticks, or everything."""

    start: datetime
    end: datetime
    site: str | None = None

    def holds(self, source: str) -> bool:
        """The hub's own ticks belong to every stretch: they are how time passes in it."""
        return self.site is None or source == HUB_SOURCE or place(source)[0] == self.site


def read(data: Path, wanted: Stretch, *, media: bool = True) -> Iterator[list[Piece]]:
    """In commit order, some at a time; the product may run meanwhile. Media are `None` where they are not kept."""
    with closing(OpenDays(data / "journal")) as days, ArchiveReader(data / "archive") as archive:
        for rows in _pages(days, wanted):
            events = read_stored([body for _, _, body in rows])
            yield [
                Piece(received, event, body, _medium(archive, event) if media else None)
                for (_, received, body), event in zip(rows, events, strict=True)
            ]


def _medium(archive: ArchiveReader, event: Event) -> bytes | None:
    return archive.read(event.data.key) if isinstance(event, MediaEvent) else None


def _pages(days: OpenDays, wanted: Stretch) -> Iterator[list[Row]]:
    span = micros(wanted.start), micros(wanted.end)
    for _, day in days.list():
        # A day is that of the commit, which may come a moment after the arrival.
        connection = days.connection(day) if _may_hold(day.date, wanted) else None
        if connection is None:
            continue
        streams = [
            stream
            for stream, source in connection.execute("select stream, source from streams")
            if wanted.holds(source)
        ]
        query = (
            "select position, received, body from events where position > ? and received >= ? and received < ?"  # noqa: S608 - question marks only
            f" and stream in ({','.join('?' * len(streams))}) order by position limit {PAGE}"
        )
        after = 0
        while rows := connection.execute(query, (after, *span, *streams)).fetchall():
            yield rows
            after = rows[-1][0]


def _may_hold(day: date, wanted: Stretch) -> bool:
    return wanted.start.date() - _DAY <= day <= wanted.end.date() + _DAY
