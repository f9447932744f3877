"""Finds what is kept of a thermal sensor at a moment: a frame, the picture of the camera, and the settings of then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from pydantic_core import to_json

from bus_schemas.codec import read_stored
from bus_schemas.radiometric import pixels_of
from bus_schemas.settings import AdjustableSettings, read_sections
from bus_schemas.thermal import Region, ThermalEvent
from consumers.engine.versions import NEWEST
from consumers.engine.view_files import NoView
from consumers.store.archive import radiometric_frames
from consumers.store.archive.copies import ObjectRange
from consumers.store.archive.keys import EVIDENCE
from consumers.store.archive.reader import StoredMedium
from consumers.store.journal.query_types import EventFilter
from consumers.views import settings
from consumers.views.health import questions as health
from gateway.http.parameters import OfDevice
from gateway.reading.stores import Stores

WINDOWS_S: Final = (10.0, 120.0, 86_400.0)
"""The newest frame is looked for in the seconds before, then further back: around an alert there are many."""
JPEG: Final = "image/jpeg"
BESIDE: Final = ((("capture", EVIDENCE), timedelta(seconds=2)), (("thumbnail",), timedelta(seconds=5)))
"""The kinds of pictures of a camera that are laid under heat, and how far they may be from it in time."""
SECOND: Final = timedelta(seconds=1)
MOST_BYTES: Final = 64_000_000
MOST_PIXELS: Final = 16_000_000
"""A small frame may have a million; each of them takes a microsecond of the gateway, and 32 bytes."""
_TICK: Final = timedelta(milliseconds=1)


class TooMuch(ValueError):
    """The frames that were asked for are more than the gateway reads at once. The message says how many."""


@dataclass(frozen=True, slots=True)
class FoundMedium:
    """A medium with its bytes, or where they are in cold storage."""

    stored: StoredMedium
    body: bytes | None
    copy: ObjectRange | None


def newest_frame(stores: Stores, asked: OfDevice, at: datetime, max_age_s: float) -> FoundMedium | None:
    """Until that moment."""
    for window_s in WINDOWS_S:
        start = at - timedelta(seconds=min(window_s, max_age_s))
        if found := radiometric_frames.frames_between(stores.archive, asked.site, asked.device, start, at + _TICK):
            return with_bytes(stores, found[-1])
    return None


def frame_named(stores: Stores, asked: OfDevice, name: str) -> FoundMedium | None:
    stored = stores.archive.find(f"{asked.site}/{asked.device}/thermal/{name}")
    return None if stored is None else with_bytes(stores, stored)


def frames_between(stores: Stores, asked: OfDevice, start: datetime, end: datetime, most: int) -> list[FoundMedium]:
    """Raises `TooMuch`."""
    frames = radiometric_frames.frames_between(stores.archive, asked.site, asked.device, start, end, most)
    if (size := sum(one.size for one in frames)) > MOST_BYTES:
        raise TooMuch(f"the frames of this time have {size / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} are read")
    return [with_bytes(stores, one) for one in frames]


def require_few_pixels(bodies: Iterable[bytes]) -> None:
    """Bound the pixels of a table. Raises `TooMuch`."""
    if (pixels := sum(map(pixels_of, bodies))) > MOST_PIXELS:
        raise TooMuch(f"the frames of this time have {pixels:,} pixels; a table has at most {MOST_PIXELS:,}")


def picture_beside(stores: Stores, asked: OfDevice, time: datetime) -> FoundMedium | None:
    """The picture of the camera that is nearest in time, a full one rather than a small one."""
    for kinds, beside in BESIDE:
        near = [
            one
            for kind in kinds
            for one in stores.archive.between(asked.site, asked.device, kind, time - beside, time + beside)
            if one.content_type == JPEG
        ]
        if near:
            return with_bytes(stores, min(near, key=lambda one: abs(one.time - time)))
    return None


def with_bytes(stores: Stores, stored: StoredMedium) -> FoundMedium:
    body = stores.archive.read_hot(stored, 0, stored.size)
    return FoundMedium(stored, body, stores.archive.copy_of(stored) if body is None else None)


def settings_at(stores: Stores, asked: OfDevice, at: datetime, now: datetime) -> AdjustableSettings:
    """Those in force then; the defaults where the device had reported none."""
    try:
        view = stores.view(settings.SettingsProjection.name)
    except NoView:
        return AdjustableSettings()
    upto = NEWEST if at >= now else stores.queries.position_at(at)
    reported = read_sections(settings.settings(view, asked.site, asked.device, upto))
    return reported.applied_to(AdjustableSettings())


def published_regions(stores: Stores, asked: OfDevice, time: datetime) -> tuple[Region, ...] | None:
    """The regions of the event of a frame, or of the last event in the second before it."""
    wanted = EventFilter(
        start=time - SECOND,
        end=time + _TICK,
        site=asked.site,
        device=asked.device,
        types=(ThermalEvent.model_fields["type"].default,),
    )
    stored = stores.queries.select(wanted, 100, "desc")
    events = [event for event in read_stored([one.body for one in stored]) if isinstance(event, ThermalEvent)]
    return max(events, key=lambda event: event.time).data.regions if events else None


def camera_size(stores: Stores, asked: OfDevice) -> tuple[int, int] | None:
    try:
        known = health.device(stores.view("health"), asked.site, asked.device, None)
    except NoView:
        return None
    stream = None if known is None else known.stream_info
    return (stream["width"], stream["height"]) if stream and stream["width"] and stream["height"] else None


def tag_of(found: list[FoundMedium], settings: AdjustableSettings, regions: object, asked: str) -> str:
    """Names what is in a picture that is made of these."""
    parts = (*(one.stored.sha256 for one in found), settings.model_dump_json(), to_json(regions).decode(), asked)
    return f'"{sha256("/".join(parts).encode()).hexdigest()[:32]}"'
