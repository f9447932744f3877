"""The newest picture of a camera: a still that it sent, or else the one with which its newest recording begins."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from bus_schemas.event import iso
from consumers.engine.view_files import NoView
from consumers.views.recordings.recording_order import last_recorded
from gateway.context import Gateway
from gateway.reading.stores import OfAnotherVersion, Stores
from gateway.serving.picture_cache import PictureCache
from producer.times import moment_of_seconds

FRESH_S = 3
CAPTURE, THUMBNAIL, SEGMENT = "capture", "thumbnail", "segment"
JPEG = "image/jpeg"
NOTHING = b""
"""In place of the picture of a recording that cannot be decoded."""


@dataclass(frozen=True, slots=True)
class CapturedPicture:
    """`kind` is that of the medium that it is, or is from; such a segment is not decoded yet where it is no JPEG."""

    key: str
    kind: str
    time: datetime
    body: bytes
    content_type: str
    sha256: str

    @property
    def headers(self) -> dict[str, str]:
        """Where the picture stands for a live one: thumbnails have bars where the camera's pictures have another
        shape.
        """
        return {"X-Capture-Time": iso(self.time), "X-Picture-Kind": self.kind}


def has_picture(stores: Stores, decoded: PictureCache, site: str, device: str) -> bool:
    """Whether any is kept; of a recording until it turns out that none can be `decoded`. Where the index of media is
    broken, the answer about a picture says why there is none.
    """
    try:
        if any(stores.archive.newest(site, device, kind) is not None for kind in (CAPTURE, THUMBNAIL)):
            return True
        segment = stores.archive.newest(site, device, SEGMENT)
    except sqlite3.DatabaseError:
        return True
    return segment is not None and decoded.get(segment.sha256) != NOTHING


async def newest_picture(gateway: Gateway, site: str, device: str, fresh_s: float = FRESH_S) -> CapturedPicture | None:
    """The newest capture, while it is fresh; else whichever is newest, that, a thumbnail, or the beginning of a
    recording.
    """
    now = gateway.clock()

    def still(stores: Stores) -> CapturedPicture | None:
        return _still(stores, site, device, now, fresh_s)

    def newest(stores: Stores) -> CapturedPicture | None:
        kept = still(stores)
        if kept is not None and (now - kept.time).total_seconds() <= fresh_s:
            return kept
        recorded = _recorded(gateway, stores, site, device)
        return max(filter(None, (kept, recorded)), key=lambda one: one.time, default=None)

    found = await gateway.ask(newest)
    if found is None or found.kind != SEGMENT:
        return found
    return await _decoded(gateway, found) or await gateway.ask(still)


def _still(stores: Stores, site: str, device: str, now: datetime, fresh_s: float) -> CapturedPicture | None:
    kind, stored = CAPTURE, stores.archive.newest(site, device, CAPTURE, now)
    if stored is None or (now - stored.time).total_seconds() > fresh_s:
        small = stores.archive.newest(site, device, THUMBNAIL, now)
        if small is not None and (stored is None or small.time > stored.time):
            kind, stored = THUMBNAIL, small
    body = stores.archive.read_range(stored, 0, stored.size) if stored is not None else None
    if stored is None or body is None:
        return None
    return CapturedPicture(stored.key, kind, stored.time, body, stored.content_type, stored.sha256)


def _recorded(gateway: Gateway, stores: Stores, site: str, device: str) -> CapturedPicture | None:
    """The newest segment that is on this machine, or its picture where that is known."""
    try:
        newest = last_recorded(stores.view("recordings"), site, device, 1)
    except (NoView, OfAnotherVersion):
        return None
    stored = stores.archive.find(newest[0].key) if newest else None
    if stored is None:
        return None
    begun = moment_of_seconds(newest[0].start)
    known = gateway.keyframes.get(stored.sha256)
    if known is not None:
        return CapturedPicture(stored.key, SEGMENT, begun, known, JPEG, stored.sha256) if known else None
    body = stores.archive.read_hot(stored, 0, stored.size)
    if body is None:
        return None
    return CapturedPicture(stored.key, SEGMENT, begun, body, stored.content_type, stored.sha256)


async def _decoded(gateway: Gateway, recorded: CapturedPicture) -> CapturedPicture | None:
    if recorded.content_type == JPEG:
        return recorded
    key = ("keyframe", recorded.sha256)
    picture = await gateway.shared.drawn(key, lambda: gateway.shared.in_thread(_first_picture, recorded.body))
    gateway.keyframes.put(recorded.sha256, picture)
    return replace(recorded, body=picture, content_type=JPEG) if picture else None


def _first_picture(segment: bytes) -> bytes:
    """Empty where nothing can be decoded."""
    from gateway.serving.keyframes import first_picture  # with FFmpeg, where somebody looks at such a camera

    return first_picture(segment) or NOTHING
