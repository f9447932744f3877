"""What was recorded: segments of each device in order, and clips around motion."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import to_json

from bus_schemas.alert import RetentionEvent
from bus_schemas.camera import MotionEvent
from bus_schemas.event import HUB, HUB_SOURCE, Event, device_source, iso, place
from bus_schemas.media import Recording, RecordingEvent, SegmentEvent
from bus_schemas.node import HeartbeatEvent
from consumers.hub import Hub
from consumers.journal.record import Recorded
from consumers.projection import Emit, Projection

SAME_SPAN_S = 1.0
"""A pause of more than this between two segments is a gap."""

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:recording")
_WAIT_FOR_SEGMENTS_S = 15.0


class Recordings(Projection):
    name: ClassVar[str] = "recordings"
    models: ClassVar[tuple[type[Event], ...]] = (SegmentEvent, MotionEvent, RetentionEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (RecordingEvent,)
    schema: ClassVar[str] = """
    create table if not exists segments (
        site text not null, device text not null, start real not null, end real not null check (end > start),
        key text not null, size integer not null, discontinuity integer not null, position integer not null,
        primary key (site, device, start)
    ) strict, without rowid;
    create index if not exists segments_start on segments (start);
    create table if not exists clips (
        recording_id text primary key, site text not null, device text not null, trigger text not null,
        start real not null, end real not null, moved real not null, told integer not null, media text not null
    ) strict;
    create index if not exists clips_device on clips (site, device, start);
    create index if not exists clips_open on clips (end) where told = 0;
    """

    before_floor: ClassVar[Mapping[str, str]] = {"segments": "position < :floor"}
    history: ClassVar[Mapping[str, str]] = {"clips": "told = 1 and end <= horizon(site, device)"}

    def __init__(self, hub: Hub) -> None:
        self._rule = hub.recording

    def made_with(self) -> object:
        return self._rule

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            match record.event:
                case SegmentEvent() as event:
                    _add_segment(view, record.position, event)
                case MotionEvent() as event:
                    self._move(view, event)
                case RetentionEvent() as event if event.data.kind == "segment":
                    _forget(view, event)
                case HeartbeatEvent() as event if event.source == HUB_SOURCE:
                    self._tell_ended(view, event, emit)

    def _move(self, view: sqlite3.Connection, event: MotionEvent) -> None:
        """Motion begins a clip, or goes on with the one that is open, until it is as long as one may be."""
        site, device = place(event.source)
        at = event.time.timestamp()
        begun = at - event.data.duration_s - self._rule.pre_roll_s
        end = at + self._rule.post_roll_s
        going = view.execute(
            "select recording_id, start, moved from clips where site = ? and device = ? and told = 0 "
            "and end >= ? and start <= ? and ? - start <= ? order by start limit 1",
            (site, device, begun, end, end, self._rule.longest_s),
        ).fetchone()
        if going is not None:
            view.execute(
                "update clips set start = min(start, ?), end = max(end, ?), moved = max(moved, ?) "
                "where recording_id = ?",
                (begun, end, at, going[0]),
            )
            return
        clip = str(uuid5(_NAMESPACE, f"{site}/{device}/motion/{event.id}"))
        row = (clip, site, device, "motion", begun, end, at, 0, "[]")
        view.execute("insert into clips values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _tell_ended(self, view: sqlite3.Connection, tick: HeartbeatEvent, emit: Emit) -> None:
        """A clip is told once its post-roll is over and its last segments have had time to arrive."""
        before = tick.time.timestamp() - _WAIT_FOR_SEGMENTS_S
        ended = view.execute(
            "select recording_id, site, device, trigger, start, end, moved from clips where told = 0 and end <= ? "
            "order by end, recording_id",
            (before,),
        ).fetchall()
        for clip, site, device, trigger, start, end, _ in ended:
            found = _overlapping(view, site, device, start, end)
            keys = tuple(segment.key for segment in found)
            view.execute("update clips set told = 1, media = ? where recording_id = ?", (to_json(keys).decode(), clip))
            data = Recording(
                recording_id=clip,
                site=site,
                device=device,
                trigger=trigger,
                start=_moment(start),
                end=_moment(end),
                pre_roll_s=self._rule.pre_roll_s,
                post_roll_s=self._rule.post_roll_s,
                media=keys,
            )
            told_id = str(uuid5(_NAMESPACE, f"{clip}/told"))
            emit(RecordingEvent(id=told_id, source=device_source(site, HUB), time=tick.time, data=data))


def _add_segment(view: sqlite3.Connection, position: int, event: SegmentEvent) -> None:
    site, device = place(event.source)
    start = event.data.start.timestamp()
    view.execute(
        "insert or replace into segments values (?, ?, ?, ?, ?, ?, ?, ?)",
        (site, device, start, start + event.data.duration_s, event.data.media[0] if event.data.media else "",
         event.data.size, int(event.data.discontinuity), position),
    )  # fmt: skip


def _forget(view: sqlite3.Connection, event: RetentionEvent) -> None:
    """What retention has dropped from the archive can no longer be played."""
    gone = event.data
    view.execute(
        "delete from segments where (?1 is null or site = ?1) and (?2 is null or device = ?2) "
        "and start >= ?3 and start < ?4",
        (gone.site, gone.device, gone.start.timestamp(), gone.end.timestamp()),
    )


# Questions


@dataclass(frozen=True, slots=True)
class Segment:
    """A recorded span. Times in seconds since 1970; `discontinuity` where it does not continue the one before."""

    start: float
    end: float
    key: str
    size: int
    discontinuity: bool
    position: int

    @property
    def duration_s(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Span:
    """Segments without a gap between them; `gap_before_s` is the pause since the span before, `None` for the first."""

    start: float
    end: float
    bytes: int
    segments: int
    gap_before_s: float | None


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip around something that happened; `ended` once no more can belong to it."""

    recording_id: str
    trigger: str
    start: float
    end: float
    ended: bool


def segments(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, limit: int = 20_000
) -> list[Segment]:
    """The segments that overlap the span, oldest first."""
    return _overlapping(view, site, device, start.timestamp(), end.timestamp(), limit)


def _overlapping(
    view: sqlite3.Connection, site: str, device: str, start: float, end: float, limit: int = 20_000
) -> list[Segment]:
    # The one segment that may have begun before the span is the last that did.
    found = view.execute(
        "select start, end, key, size, discontinuity, position from segments where site = ?1 and device = ?2 "
        "and start >= coalesce((select max(start) from segments where site = ?1 and device = ?2 and start <= ?3), ?3) "
        "and start < ?4 and end > ?3 order by start limit ?5",
        (site, device, start, end, limit),
    )
    return [Segment(row[0], row[1], row[2], row[3], bool(row[4]), row[5]) for row in found]


def newest_segments(view: sqlite3.Connection, site: str, device: str, limit: int = 10) -> list[Segment]:
    """The last segments, oldest first: what a live list shows."""
    found = view.execute(
        "select start, end, key, size, discontinuity, position from segments where site = ? and device = ? "
        "order by start desc limit ?",
        (site, device, limit),
    ).fetchall()
    return [Segment(row[0], row[1], row[2], row[3], bool(row[4]), row[5]) for row in reversed(found)]


def number_of(view: sqlite3.Connection, site: str, device: str, start: float) -> int:
    """How many segments began since the begin of the UTC day before `start`: a media sequence that only grows."""
    day = start // 86_400 * 86_400
    query = "select count(*) from segments where site = ? and device = ? and start >= ? and start < ?"
    return int(day // 86_400) * 100_000 + int(view.execute(query, (site, device, day, start)).fetchone()[0])


def spans(view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime) -> list[Span]:
    """What can be played without a gap."""
    return list(_joined(segments(view, site, device, start, end)))


def _joined(found: Sequence[Segment]) -> Iterator[Span]:
    if not found:
        return
    run, before = [found[0]], None
    for segment in found[1:]:
        if segment.start - run[-1].end > SAME_SPAN_S:
            yield _span(run, before)
            before, run = run[-1].end, []
        run.append(segment)
    yield _span(run, before)


def _span(run: Sequence[Segment], before: float | None) -> Span:
    gap = None if before is None else round(run[0].start - before, 3)
    return Span(run[0].start, run[-1].end, sum(segment.size for segment in run), len(run), gap)


def clips(view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime) -> list[Clip]:
    """The clips that overlap the span, oldest first."""
    found = view.execute(
        "select recording_id, trigger, start, end, told from clips where site = ? and device = ? "
        "and start < ? and end > ? order by start",
        (site, device, end.timestamp(), start.timestamp()),
    )
    return [Clip(row[0], row[1], row[2], row[3], bool(row[4])) for row in found]


def oldest(view: sqlite3.Connection, site: str, device: str) -> str | None:
    """When the first recording that is left begins."""
    query = "select min(start) from segments where site = ? and device = ?"
    found: Any = view.execute(query, (site, device)).fetchone()[0]
    return None if found is None else iso(_moment(found))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
