"""Joins the events of a motion: which of them begins one, and how much later than the one before each is."""

import sqlite3
from dataclasses import astuple, dataclass
from typing import Final

from bus_schemas.camera import Motion
from consumers.store.journal.record import DeviceKey

LONGEST_COUNTED_MS: Final = 6 * 3_600_000
"""The longest duration of a motion whose begin is unknown: more than this is not counted."""
_SAME_START_MS: Final = 2
"""Times are cut to milliseconds, so the start and the duration of a motion may differ by one."""
_LONGEST_PAUSE_MS: Final = 60_000
"""Updates of older agents say no duration: after a longer pause they belong to no motion that is known."""


@dataclass(slots=True)
class MotionRow:
    """One motion; times in milliseconds since 1970. `latest` is that of its last event."""

    site: str
    device: str
    started: int
    latest: int
    ended: int = 0
    frames: int = 0
    intensity: float = 0.0
    event_class: str | None = None


@dataclass(frozen=True, slots=True)
class MotionProgress:
    """The addition of an event to the motion that began at `started`: whether it `is_new`, and movement from
    `since` to `until`.
    """

    started: int
    is_new: bool
    since: int
    until: int
    has_new_boxes: bool


class Motions:
    """The motions of the view, changed in memory until `save`: the latest of each device while a batch is folded."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._latest: dict[DeviceKey, MotionRow | None] = {}
        self._changed: dict[tuple[str, str, int], MotionRow] = {}

    def advance(self, where: DeviceKey, data: Motion, at: int) -> MotionProgress | None:
        """`None` where the event adds nothing: it is known, or an update of a motion whose start is not."""
        started = at if data.phase == "start" else at - round(data.duration_s * 1000)
        latest = self._newest(where)
        if data.phase == "update" and not data.duration_s:
            if latest is None or latest.ended or not 0 <= at - latest.latest <= _LONGEST_PAUSE_MS:
                return None
            started = latest.started
        motion = self._find(where, started)
        if motion is None and data.phase != "start":
            motion = _going_on(latest, started, at)
        if motion is None:
            motion = MotionRow(*where, started, at)
            progress = MotionProgress(
                started, is_new=True, since=max(started, at - LONGEST_COUNTED_MS), until=at, has_new_boxes=True
            )
        elif at > motion.latest or (data.phase == "end" and not motion.ended):
            since = max(motion.latest, at - LONGEST_COUNTED_MS)
            progress = MotionProgress(
                motion.started, is_new=False, since=min(since, at), until=at, has_new_boxes=data.phase != "end"
            )
        else:
            return None
        self._extend(motion, data, at)
        return progress

    def save(self) -> None:
        self._view.executemany(
            "insert or replace into motions values (?, ?, ?, ?, ?, ?, ?, ?)", map(astuple, self._changed.values())
        )
        self._changed.clear()

    def _extend(self, motion: MotionRow, data: Motion, at: int) -> None:
        motion.latest = max(motion.latest, at)
        motion.ended = int(motion.ended or data.phase == "end")
        motion.frames = max(motion.frames, data.frames)
        motion.intensity = max(motion.intensity, data.intensity)
        if at == motion.latest:
            motion.event_class = data.event_class or motion.event_class
        self._changed[motion.site, motion.device, motion.started] = motion
        latest = self._latest[motion.site, motion.device]
        if latest is None or motion.started >= latest.started:
            self._latest[motion.site, motion.device] = motion

    def _newest(self, where: DeviceKey) -> MotionRow | None:
        if where not in self._latest:
            query = "select * from motions where site = ? and device = ? order by started desc limit 1"
            row = self._view.execute(query, where).fetchone()
            self._latest[where] = MotionRow(*row) if row else None
        return self._latest[where]

    def _find(self, where: DeviceKey, started: int) -> MotionRow | None:
        latest = self._latest[where]
        if latest is None or started > latest.started + _SAME_START_MS:
            return None
        if abs(started - latest.started) <= _SAME_START_MS:
            return latest
        for moment in range(started - _SAME_START_MS, started + _SAME_START_MS + 1):
            if (changed := self._changed.get((*where, moment))) is not None:
                return changed
        query = "select * from motions where site = ? and device = ? and started between ? and ? order by started"
        bounds = (started - _SAME_START_MS, started + _SAME_START_MS)
        row = self._view.execute(query, (*where, *bounds)).fetchone()
        return MotionRow(*row) if row else None


def _going_on(latest: MotionRow | None, started: int, at: int) -> MotionRow | None:
    """The newest motion, where it has not ended and the event is within it: nothing moves twice at a time. Where the
    times of pictures went back a little, an agent counts from so much earlier.
    """
    if latest is None or latest.ended or not latest.started <= at or started > latest.latest:
        return None
    return latest
