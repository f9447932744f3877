"""The clips that are still open, in memory while a batch is folded: in a large batch most of them begin and end."""

import sqlite3
from dataclasses import dataclass, fields
from operator import attrgetter

from consumers.store.journal.record import DeviceKey


@dataclass(slots=True, eq=False)
class OpenClip:
    """Around motion, the last of which was at `moved`. Times in seconds since 1970; `media` is JSON."""

    recording_id: str
    site: str
    device: str
    trigger: str
    start: float
    end: float
    moved: float
    is_emitted: int = 0
    media: str = "[]"
    picture: str = ""
    """The key of the first picture of the motion; empty where there is none."""
    pictured: float = 0.0
    """When the motion began."""


LONGEST_S = 86_400.0
"""No clip begins longer than this before the motion that it is about was reported."""

_END_BEFORE = (
    "select max(end) from clips indexed by clips_device"
    " where site = ? and device = ? and start between ? and ? and end >= ? and end < ?"
)
_values = attrgetter(*(field.name for field in fields(OpenClip)))
_state = attrgetter("start", "end", "moved", "is_emitted", "media", "picture", "recording_id")


class OpenClips:
    """The clips of the view, changed in memory until `save`; those of each device in the order in which they began."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self.view = view
        self._open: dict[DeviceKey, list[OpenClip]] = {}
        self._changed: set[OpenClip] = set()
        self._new: list[OpenClip] = []
        # Without the index they are looked for among all that a device ever had.
        for row in view.execute("select * from clips indexed by clips_open where is_emitted = 0 order by rowid"):
            clip = OpenClip(*row)
            self._open.setdefault((clip.site, clip.device), []).append(clip)

    def around(self, where: DeviceKey, begun: float, end: float, longest_s: float) -> OpenClip | None:
        """The first that overlaps the span and may go on until its end."""
        fitting = [
            clip
            for clip in self._open.get(where, ())
            if clip.end >= begun and clip.start <= end and end - clip.start <= longest_s
        ]
        return min(fitting, key=attrgetter("start")) if fitting else None

    def uncovered_from(self, where: DeviceKey, begun: float, end: float, longest_s: float) -> float:
        """Where a clip begins that is to hold the span: motion that is too long for its clip is reported with its whole
        length again and again, so the next clip goes on where the one before it ends.
        """
        ends = [clip.end for clip in self._open.get(where, ()) if clip.start <= end and begun <= clip.end < end]
        if ends or end - begun <= longest_s:
            return max(ends, default=begun)
        self.save()
        (closed,) = self.view.execute(_END_BEFORE, (*where, begun - 2 * LONGEST_S, end, begun, end)).fetchone()
        return begun if closed is None else float(closed)

    def begin(self, clip: OpenClip) -> None:
        self._open.setdefault((clip.site, clip.device), []).append(clip)
        self._new.append(clip)

    def extend(self, clip: OpenClip, span: tuple[float, float], longest_s: float, at: float, picture: str) -> None:
        begun, end = span
        clip.end, clip.moved = max(clip.end, end), max(clip.moved, at)
        if clip.end - begun <= longest_s:
            clip.start = min(clip.start, begun)
        clip.picture = clip.picture or picture
        self._changed.add(clip)

    def ended(self, before: float) -> list[OpenClip]:
        """Those that ended up to this moment, in that order. They are not open any more."""
        ended = [clip for clips in self._open.values() for clip in clips if clip.end <= before]
        for clip in ended:
            self._open[clip.site, clip.device].remove(clip)
        return sorted(ended, key=attrgetter("end", "recording_id"))

    def close(self, clip: OpenClip, media: str) -> None:
        clip.is_emitted, clip.media = 1, media
        self._changed.add(clip)

    def save(self) -> None:
        """Write what became of them into the view."""
        self.view.executemany("insert into clips values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_values, self._new))
        self.view.executemany(
            "update clips set start = ?, end = ?, moved = ?, is_emitted = ?, media = ?, picture = ?"
            " where recording_id = ?",
            map(_state, self._changed.difference(self._new)),
        )
        self._new, self._changed = [], set()
