"""The sightings of a device in a minute: its newest pictures, its analysis, and the faults of its frames."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields
from operator import attrgetter

from pydantic_core import from_json, to_json

from bus_schemas.camera import Frame, FrameEvent
from bus_schemas.media import MediaEvent
from consumers.engine.frame_faults import FrameFault
from consumers.engine.partial import MEDIUM
from consumers.store.journal.record import Recorded
from consumers.views.minute_evidence import MinuteEvidence, evidence_of

THUMBNAILS = 3
SAID, JUDGED = 1, 2
_KNOWN = {MinuteEvidence.SAID: SAID, MinuteEvidence.JUDGED: JUDGED}

Key = tuple[str, int, str]
"""Site, minute since 1970, device."""

SCHEMA = """
create table if not exists seen (
    site text not null, minute integer not null, device text not null, thumbnails text not null, capture text,
    capture_at real, frame text, frame_at real, is_bad integer not null, types text not null, is_known integer not null,
    is_blind integer not null, primary key (site, minute, device)
) strict, without rowid;
"""


@dataclass(slots=True)
class Seen:
    """A row of the table `seen`. Times in seconds since 1970; of equal times the later event is the newer.

    `frame` is the newest analysis, or the newest of those that found something wrong; `types` names all that any of
    them found. `is_known` is 2 where some analysis says how the device was, 1 where only the device itself said that it
    was well; `is_blind`: an analysis had no answer.
    """

    site: str
    minute: int
    device: str
    thumbnails: str = "[]"
    """JSON: moment and key of the newest ones, oldest first."""
    capture: str | None = None
    capture_at: float | None = None
    frame: str | None = None
    frame_at: float | None = None
    is_bad: int = 0
    types: str = ""
    is_known: int = 0
    is_blind: int = 0
    newest: Recorded | None = None
    """The event of `frame` where that was not put into words yet; not a column."""

    @property
    def is_well(self) -> bool:
        """Whether it was, as far as anybody knows: what it says of itself counts where no analysis failed."""
        return self.is_known == JUDGED or (self.is_known == SAID and not self.is_blind)

    @property
    def picture(self) -> str | None:
        """The key of the newest thumbnail, or else of the newest capture."""
        thumbnails = self.thumbnail_keys()
        return thumbnails[-1] if thumbnails else self.capture

    @property
    def analysis(self) -> Frame | None:
        return None if self.frame is None else Frame.model_validate_json(self.frame)

    def thumbnail_keys(self) -> list[str]:
        return [key for _, key in from_json(self.thumbnails)]

    def take(self, record: Recorded) -> None:
        """Take the evidence of this event on the device."""
        evidence, wrong = evidence_of(record)
        self.is_known = max(self.is_known, _KNOWN.get(evidence, 0))
        self.is_blind |= evidence is MinuteEvidence.BLIND
        if record.model is MediaEvent:
            self._take_medium(record)
        elif record.model is FrameEvent:
            self._take_frame(record, wrong)

    def _take_medium(self, record: Recorded) -> None:
        medium, at = record.decode(MEDIUM).data, record.time_s
        if medium.kind == "thumbnail":
            known = [(time, key) for time, key in from_json(self.thumbnails)]
            newest = sorted([*known, (at, medium.key)], key=lambda it: it[0])[-THUMBNAILS:]
            self.thumbnails = to_json(newest).decode()
        elif medium.kind == "capture" and (self.capture_at is None or self.capture_at <= at):
            self.capture, self.capture_at = medium.key, at

    def _take_frame(self, record: Recorded, wrong: tuple[FrameFault, ...]) -> None:
        at = record.time_s
        if wrong:
            self.types = " ".join(sorted({*self.types.split(), *wrong}))
        if (bool(wrong), at) >= (bool(self.is_bad), self.frame_at or 0.0):
            self.newest, self.frame_at, self.is_bad = record, at, int(bool(wrong))

    def values(self) -> tuple[str | int | float | None, ...]:
        """The columns. Only the analysis that stays is parsed as a whole: that takes longest."""
        if self.newest is not None:
            assert isinstance(self.newest.event, FrameEvent)
            self.frame, self.newest = self.newest.event.data.model_dump_json(), None
        return _values(self)


_COLUMNS = tuple(field.name for field in fields(Seen) if field.name != "newest")
_values = attrgetter(*_COLUMNS)
_SELECT = f"select {', '.join(_COLUMNS)} from seen"  # noqa: S608 - our own names
_INSERT = f"insert or replace into seen values ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - question marks only


class SeenRows:
    """The rows that a fold changes: each is read when it is first needed, and written at the end."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._rows: dict[Key, Seen] = {}

    def of(self, key: Key) -> Seen:
        row = self._rows.get(key)
        if row is None:
            found = self._view.execute(f"{_SELECT} where site = ? and minute = ? and device = ?", key).fetchone()
            row = self._rows[key] = Seen(*key) if found is None else Seen(*found)
        return row

    def save(self) -> None:
        self._view.executemany(_INSERT, [row.values() for _, row in sorted(self._rows.items())])
        self._rows.clear()


def seen_in(view: sqlite3.Connection, site: str, minute: int) -> Iterator[Seen]:
    """The sightings of each device of a site in a minute."""
    for row in view.execute(f"{_SELECT} where site = ? and minute = ?", (site, minute)):
        yield Seen(*row)
