"""The minutes of a report: those of the ring as they are shown, and older ones from what is kept of them."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final, cast

from pydantic_core import from_json

from bus_schemas.condition import Condition
from consumers.alerting.incidents.questions import IncidentRow
from consumers.engine import view_files
from consumers.engine.frame_faults import PICTURE_FAULTS
from consumers.engine.view_files import NoView
from consumers.reports.content import BadMoment, ReportMinute, ReportMinutes, ReportPicture
from consumers.store.archive.copies import OutOfReach
from consumers.store.archive.keys import EVIDENCE
from consumers.store.archive.reader import ArchiveReader
from consumers.upkeep.exports.order import ExportOrder
from consumers.views.condition_minutes.codes import CODES
from consumers.views.condition_minutes.shares import DeviceShares, shares
from consumers.views.mosaics import RING
from consumers.views.mosaics.minute_state import CLASSES, MinuteState, of_minute, state_of
from consumers.views.mosaics.past_tiles import PastTiles, past_tile
from consumers.views.mosaics.questions import newest_minute
from consumers.views.mosaics.tiles import Tiles
from producer.times import EPOCH, MINUTE, moment_of_seconds

PICTURES_BYTES: Final = 12_000_000
"""Pictures of all minutes together; of more, those with incidents and every second, third … of the others are shown."""
MOMENT_PICTURES_BYTES: Final = 6_000_000
"""Pictures of all bad moments together."""
VISIBLE: Final = frozenset({*PICTURE_FAULTS, "hot_spot"})
"""Conditions that a picture of a moment can show."""
_RING: Final = """
select minute, tile, bytes, state = 2, description from tiles where site = ? and minute >= ? and minute < ?
order by minute
"""

Read = Callable[[str], bytes | None]


@dataclass(slots=True)
class MinuteCollector:
    """`incidents` are all of the site in that time."""

    order: ExportOrder
    archive: ArchiveReader
    names: dict[str, str]
    incidents: Sequence[IncidentRow]
    _room: int = MOMENT_PICTURES_BYTES

    def collect(self) -> ReportMinutes:
        first, end = self._range()
        try:
            mosaics = view_files.open_view(self.order.data, "mosaics")
        except NoView:
            return ReportMinutes([*_joined([*self._past(range(first, end), {})])], 0, end - first)
        with closing(mosaics) as view:
            ring, left_out = self._ring(view, first, end)
            past = range(first, min(end, (newest_minute(view, self.order.site) or end) - RING + 1))
            pictures = dict(_past_pictures(view, PastTiles(self.order.data / "tiles"), self.order.site, past))
        return ReportMinutes([*_joined([*self._past(past, pictures)]), *ring], left_out, len(past))

    def _range(self) -> tuple[int, int]:
        asked = self.order.export
        return (asked.start - EPOCH) // MINUTE, -((EPOCH - asked.end) // MINUTE)

    def _ring(self, view: sqlite3.Connection, first: int, end: int) -> tuple[list[ReportMinute], int]:
        """With how many of them are left without their picture."""
        rows = view.execute(_RING, (self.order.site, first, end)).fetchall()
        every = max(1, -(-sum(size for _, _, size, _, _ in rows) // PICTURES_BYTES))
        tiles = Tiles(self.order.data / "tiles")
        made: list[ReportMinute] = []
        for number, (minute, name, _, is_incident, description) in enumerate(reversed(rows)):
            body = tiles.read(name) if is_incident or number % every == 0 else None
            picture = None if body is None else ReportPicture(name, body)
            made.append(self._with_moments(ReportMinute(minute, from_json(description), picture)))
        return made[::-1], sum(minute.picture is None for minute in made)

    def _past(self, minutes: range, pictures: dict[int, ReportPicture]) -> Iterator[ReportMinute]:
        """Those of which anything is kept."""
        found = self._past_shares(minutes) if minutes else []
        for number, minute in enumerate(minutes):
            description, picture = self._describe(found, number), pictures.get(minute)
            if description["devices"] or picture is not None:
                yield self._with_moments(ReportMinute(minute, description, picture))

    def _past_shares(self, minutes: range) -> list[DeviceShares]:
        try:
            opened = view_files.open_view(self.order.data, "condition_minutes")
        except NoView:
            return []
        with closing(opened) as view:
            return shares(view, self.order.site, range(minutes.start, minutes.stop + 1))

    def _describe(self, found: Sequence[DeviceShares], number: int) -> dict[str, Any]:
        devices: list[dict[str, Any]] = []
        states: list[MinuteState] = []
        for one in found:
            condition = _condition(one.minutes[number])
            if condition is None:
                continue
            worst = one.worst[number]
            states.append(state_of(condition))
            devices.append(
                {
                    "device_id": one.device,
                    "device_name": self.names.get(one.device, one.device),
                    "condition": condition,
                    "state": CLASSES[states[-1]],
                    "types": [] if worst is None else [worst],
                    "status": "active",
                    "analysis_json": None,
                }
            )
        return {"state": CLASSES[of_minute(states, has_data=bool(devices))], "devices": devices}

    def _with_moments(self, one: ReportMinute) -> ReportMinute:
        moments = [moment for device in one.description["devices"] for moment in self._moments(one.minute, device)]
        return replace(one, moments=moments)

    def _moments(self, minute: int, device: dict[str, Any]) -> Iterator[BadMoment]:
        """The bad part of a minute, where that is not all of it; the picture of a minute may show the rest."""
        if device["state"] != CLASSES[MinuteState.INCIDENT]:
            return
        start, end, types = minute * 60.0, minute * 60.0 + 60, set(device["types"])
        for row in reversed(self.incidents):
            opened, closed = _times(row)
            if row["device"] == device["device_id"] and opened < end and closed > start:
                types.discard(row["type"])
                if opened > start or closed < end:
                    yield self._moment(device["device_id"], row["type"], max(opened, start), min(closed, end))
        if device["analysis_json"] is not None:
            yield from self._bad_frames(device, types)

    def _bad_frames(self, device: dict[str, Any], types: set[str]) -> Iterator[BadMoment]:
        """The frame whose values the minute has, where no incident of that type says more."""
        analysis = device["analysis_json"]
        at = datetime.fromisoformat(analysis["timestamp"]).timestamp()
        for kind in sorted(types):
            if analysis[kind] if kind in PICTURE_FAULTS else kind == "audio_loss" and analysis["audio"] is False:
                yield self._moment(device["device_id"], kind, at, at, analysis["filename"])

    def _moment(self, device: str, kind: str, start: float, end: float, key: str | None = None) -> BadMoment:
        keys = () if kind not in VISIBLE else (key,) if key else self._keys(device, start, end)
        return BadMoment(device, kind, start, end, next(filter(None, map(self._picture, keys)), None))

    def _keys(self, device: str, start: float, end: float) -> Iterator[str]:
        """The first pictures of that time, up to a second behind it."""
        times = moment_of_seconds(start), moment_of_seconds(end + 1)
        for kind in ("thumbnail", "capture", EVIDENCE):
            for one in self.archive.between(self.order.site, device, kind, *times, limit=1):
                yield one.key

    def _picture(self, key: str) -> ReportPicture | None:
        """Where there is room for it."""
        picture = picture_of(self.archive.read, key)
        if picture is None or len(picture.body) > self._room:
            return None
        self._room -= len(picture.body)
        return picture


def picture_of(read: Read, key: str) -> ReportPicture | None:
    """A JPEG that is kept; one that is in a bucket which does not answer is left out."""
    with suppress(OutOfReach):
        body = read(key)
        if body is not None and body.startswith(b"\xff\xd8"):
            return ReportPicture(key, body)
    return None


def _past_pictures(
    view: sqlite3.Connection, files: PastTiles, site: str, minutes: range
) -> Iterator[tuple[int, ReportPicture]]:
    room = PICTURES_BYTES
    for minute in minutes:
        name = past_tile(view, site, minute)
        body = None if name is None else files.read(name)
        if name is not None and body is not None and len(body) <= room:
            room -= len(body)
            yield minute, ReportPicture(name, body)


def _condition(minutes: Sequence[int]) -> Condition | None:
    """The condition of a single minute; `None` where nothing is known of it."""
    code = next(code for code, count in enumerate(minutes) if count)
    return None if code == 0 else cast("Condition", CODES[code])


def _times(row: IncidentRow) -> tuple[float, float]:
    """Seconds since 1970; one that is open lasts."""
    opened = datetime.fromisoformat(row["opened"]).timestamp()
    closed = row["closed"]
    return opened, float("inf") if closed is None else datetime.fromisoformat(closed).timestamp()


def _joined(minutes: Sequence[ReportMinute]) -> Iterator[ReportMinute]:
    """Minutes in a row that were alike, and have nothing to show, as one."""

    def alike(numbered: tuple[int, ReportMinute]) -> object:
        number, one = numbered
        is_shown = one.picture is not None or one.moments
        return one.minute if is_shown else (one.minute - number, str(one.description))

    for _, group in groupby(enumerate(minutes), key=alike):
        found = [one for _, one in group]
        yield replace(found[0], count=len(found))
