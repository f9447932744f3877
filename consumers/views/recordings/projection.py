"""Folds the journal into segments and clips, and emits a recording event for each clip once it is over."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import to_json

from bus_schemas.alert import RetentionEvent
from bus_schemas.camera import MotionEvent
from bus_schemas.event import HUB, HUB_SOURCE, Event, device_source
from bus_schemas.media import RecorderEvent, Recording, RecordingEvent, SegmentEvent
from bus_schemas.node import HeartbeatEvent, SettingsEvent
from bus_schemas.settings import RecordingSettings
from consumers.engine.partial import MOTION_LENGTH
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.clock_ahead import moment_of
from consumers.store.journal.record import Recorded
from consumers.views.recordings import numbering, recorded
from consumers.views.recordings.clips import LONGEST_S, OpenClip, OpenClips
from consumers.views.recordings.keeping import prune
from consumers.views.recordings.questions import keys_between
from consumers.views.recordings.rules import RecordingRules
from consumers.views.recordings.segments import BatchSegments
from producer.times import moment

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:recording")
_WAIT_FOR_SEGMENTS_S = 15.0


class RecordingsProjection(Projection):
    name: ClassVar[str] = "recordings"
    version: ClassVar[int] = 11
    models: ClassVar[tuple[type[Event], ...]] = (
        SegmentEvent, MotionEvent, RecorderEvent, RetentionEvent, HeartbeatEvent, SettingsEvent,
    )  # fmt: skip
    emits: ClassVar[tuple[type[Event], ...]] = (RecordingEvent,)
    schema: ClassVar[str] = (
        """
    create table if not exists segments (
        site text not null, device text not null, start real not null, end real not null check (end > start),
        key text not null, size integer not null, discontinuity integer not null, position integer not null,
        codec text not null, primary key (site, device, start)
    ) strict, without rowid;
    create index if not exists segments_start on segments (start);
    create table if not exists dropped (
        site text not null, device text not null, start real not null, end real not null, rule text not null,
        position integer not null, primary key (site, device, start, position)
    ) strict, without rowid;
    create table if not exists clips (
        recording_id text primary key, site text not null, device text not null, trigger text not null,
        start real not null, end real not null, moved real not null, is_emitted integer not null, media text not null,
        picture text not null, pictured real not null
    ) strict;
    create index if not exists clips_device on clips (site, device, start);
    create index if not exists clips_start on clips (start);
    create index if not exists clips_open on clips (end) where is_emitted = 0;
    create table if not exists recorder_changes (
        site text not null, device text not null, at real not null, recording integer not null, mode text not null,
        reason text, position integer not null, primary key (site, device, at, position)
    ) strict, without rowid;
    create table if not exists rules (
        site text not null, device text not null, position integer not null, rule text not null,
        primary key (site, device)
    ) strict;
    """
        + recorded.SCHEMA
        + numbering.SCHEMA
    )

    before_floor: ClassVar[Mapping[str, str]] = {
        "segments": "position < :floor", "rules": "position < :floor", "dropped": "position < :floor",
        "recorder_changes": "position < :floor", "recorded": recorded.BEFORE_FLOOR,
        "dropped_counts": numbering.BEFORE_FLOOR,
    }  # fmt: skip
    uncounted: ClassVar[frozenset[str]] = frozenset({"recorded"})
    history: ClassVar[Mapping[str, str]] = {"clips": "is_emitted = 1 and end <= horizon(site, device)"}

    def carry_over(self, view: sqlite3.Connection, floor: int) -> None:
        """The number of segments that were carried over."""
        carried = view.execute("select distinct site, device, start from segments where position < ?", (floor,))
        recorded.count_again(view, {(site, device, recorded.quarter_of(start)) for site, device, start in carried})

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        segments, clips, rules = BatchSegments(view), OpenClips(view), RecordingRules(view)
        for record in batch:
            if record.model is RecorderEvent:
                _enter_change(view, record)
            elif record.model is not HeartbeatEvent:
                _take(record, segments, clips, rules)
            elif record.source == HUB_SOURCE:
                ended = clips.ended(record.time_s - _WAIT_FOR_SEGMENTS_S)
                if ended:
                    segments.save()
                for clip in ended:
                    emit(_close(view, clips, clip, rules, moment(record.time_us)))
        segments.save()
        clips.save()


def _take(record: Recorded, segments: BatchSegments, clips: OpenClips, rules: RecordingRules) -> None:
    model = record.model
    if model is SegmentEvent:
        segments.add(record)
    elif model is MotionEvent:
        _move(clips, record, rules.of(record.where))
    elif model is RetentionEvent:
        segments.forget(record)
        _forget(record, clips)
    elif model is SettingsEvent:
        rules.learn(record)


def _forget(record: Recorded, clips: OpenClips) -> None:
    """When recordings of a device are dropped, which all are in the end, what is known of much older ones goes too."""
    assert isinstance(record.event, RetentionEvent)
    gone = record.event.data
    if gone.kind == "segment" and gone.site is not None and gone.device is not None:
        clips.save()
        prune(clips.view, (gone.site, gone.device), record.time_s)


def _enter_change(view: sqlite3.Connection, record: Recorded) -> None:
    assert isinstance(record.event, RecorderEvent)
    data = record.event.data
    row = (*record.where, record.time_s, int(data.recording), data.mode, data.reason, record.position)
    view.execute("insert or ignore into recorder_changes values (?, ?, ?, ?, ?, ?, ?)", row)


def _close(
    view: sqlite3.Connection, clips: OpenClips, clip: OpenClip, rules: RecordingRules, at: datetime
) -> RecordingEvent:
    media = keys_between(view, clip.site, clip.device, clip.start, clip.end)
    clips.close(clip, to_json(media).decode())
    return _recording_event(clip, media, rules.of((clip.site, clip.device)), at)


def _move(clips: OpenClips, record: Recorded, rule: RecordingSettings) -> None:
    """Motion begins a clip, or goes on with the one that is open, until it is as long as one may be."""
    at = record.time_s
    duration_s, media = _length_and_media(record)
    began = at - min(duration_s, LONGEST_S)
    begun = began - rule.pre_roll_s
    picture = media[0] if media else ""
    end = at + rule.post_roll_s
    going = clips.around(record.where, begun, end, rule.longest_s)
    if going is not None:
        clips.extend(going, (begun, end), rule.longest_s, at, picture)
        return
    site, device = record.where
    name = str(uuid5(_NAMESPACE, f"{site}/{device}/motion/{record.id}"))
    start = clips.uncovered_from(record.where, begun, end, rule.longest_s)
    clips.begin(OpenClip(name, site, device, "motion", start, end, at, picture=picture, pictured=began))


def _recording_event(clip: OpenClip, media: tuple[str, ...], rule: RecordingSettings, at: datetime) -> RecordingEvent:
    """A clip is emitted once its post-roll is over and its last segments have had time to arrive."""
    data = Recording(
        recording_id=clip.recording_id,
        site=clip.site,
        device=clip.device,
        trigger=clip.trigger,
        start=moment_of(clip.start),
        end=moment_of(clip.end),
        pre_roll_s=rule.pre_roll_s,
        post_roll_s=rule.post_roll_s,
        media=media,
    )
    event_id = str(uuid5(_NAMESPACE, f"{clip.recording_id}/told"))
    return RecordingEvent(id=event_id, source=device_source(clip.site, HUB), time=at, data=data)


def _length_and_media(motion: Recorded) -> tuple[float, tuple[str, ...]]:
    """The end in the event where its duration is not finite."""
    plain = motion.as_written(MOTION_LENGTH)
    if plain is not None:
        return plain.data.duration_s, plain.data.media
    assert isinstance(motion.event, MotionEvent)
    return motion.event.data.duration_s, motion.event.data.media
