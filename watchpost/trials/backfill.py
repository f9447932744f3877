"""Runs the current analysis of the edge on archived media.

It stands here because it needs the analyses of the edge and the archive of the hub, which never import each other.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import cv2
import numpy as np

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event, place
from bus_schemas.node import SettingsEvent
from bus_schemas.settings import AdjustableSettings, SettingsChange, ThermographySettings, read_sections
from bus_schemas.thermal import ThermalEvent
from consumers.alerting.what_if.run import Finding
from consumers.jpeg import decoded_grey
from consumers.store.archive.reader import ArchiveReader
from edge.agent.defaults import THUMBNAIL
from edge.analysis import picture, thermal
from edge.analysis.picture import OF_DETAIL, Grey, PictureAnalyser, picture_fields
from edge.analysis.pictures import SMALL_WIDTH, fitted
from edge.analysis.thermal import ThermalProcessor
from edge.analysis.thermometry import thermal_data
from edge.capture.sources.source import ThermalFrame
from watchpost.thermal_drawing import frame_of

CLOSE = timedelta(seconds=1)
"""A thumbnail within this time of a frame shows the same."""
STEADY: Final = timedelta(seconds=10)
"""Frames further apart are not smoothed together."""
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:backfill")


@dataclass
class _Device:
    """What the analyses have learned of one device, and its settings."""

    adjustable: AdjustableSettings
    pictures: PictureAnalyser
    thermal: ThermalProcessor
    last_thermal: datetime | None = None
    frames: int = 0


class Backfill:
    """Takes every event of a period in order. `settings` apply to all devices instead of their own."""

    version: str = f"picture {picture.VERSION}, thermal {thermal.VERSION}"

    def __init__(self, archive: ArchiveReader, hot_spot_c: float, settings: dict[str, Any]) -> None:
        self._archive = archive
        self._hot_spot_c = hot_spot_c
        self._settings = SettingsChange.model_validate(settings) if settings else None
        self._devices: dict[str, _Device] = defaultdict(self._unknown)

    def concerns(self, event: Event) -> bool:
        return isinstance(event, FrameEvent | ThermalEvent)

    def analyse(self, event: Event) -> Finding | None:
        match event:
            case SettingsEvent():
                self._set(event)
            case FrameEvent():
                return self._frame(event)
            case ThermalEvent():
                return self._thermal(event)
        return None

    def _unknown(self) -> _Device:
        adjustable = self._tried(AdjustableSettings())
        return _Device(
            adjustable,
            PictureAnalyser(adjustable.picture),
            ThermalProcessor(self._thermography(adjustable), adjustable.measured_rois),
        )

    def _tried(self, adjustable: AdjustableSettings) -> AdjustableSettings:
        return adjustable if self._settings is None else self._settings.applied_to(adjustable)

    def _thermography(self, adjustable: AdjustableSettings) -> ThermographySettings:
        return adjustable.thermography.model_copy(update={"hot_spot_c": self._hot_spot_c})

    def _set(self, event: SettingsEvent) -> None:
        """A section that does not fit is ignored."""
        device = self._devices[event.source]
        wanted = self._tried(read_sections(event.data.settings).applied_to(device.adjustable))
        if wanted.picture != device.adjustable.picture:
            device.pictures = PictureAnalyser(wanted.picture)
        device.thermal.apply(self._thermography(wanted), wanted.measured_rois)
        device.adjustable = wanted

    def _frame(self, event: FrameEvent) -> Finding | None:
        for key in (*event.data.media[:1], *self._thumbnail(event)):
            grey = _read(self._archive, key, partial(_grey, event, key))
            if grey is not None:
                break
        else:
            return None
        device = self._devices[event.source]
        state = device.pictures.analyse(grey, event.time)
        found = picture_fields(state, device.pictures.settings)
        # Fields that a reduced picture does not show are as they were found then.
        shown = {name: value for name, value in found.items() if name not in OF_DETAIL}
        data = event.data.model_copy(update={**shown, "freeze_diffs": state.freeze.diffs})
        return self._finding(event, data, key)

    def _thumbnail(self, event: FrameEvent) -> list[str]:
        """The nearest thumbnail, for when the full picture is not kept any more."""
        site, device = place(event.source)
        near = self._archive.between(site, device, "thumbnail", event.time - CLOSE, event.time + CLOSE)
        return [min(near, key=lambda stored: abs(stored.time - event.time)).key] if near else []

    def _thermal(self, event: ThermalEvent) -> Finding | None:
        temperatures = next((_read(self._archive, key, frame_of) for key in event.data.media[:1]), None)
        if temperatures is None:
            return None
        device = self._devices[event.source]
        last, device.last_thermal, device.frames = device.last_thermal, event.time, device.frames + 1
        is_steady = last is not None and abs(event.time - last) <= STEADY
        settings = device.thermal.settings.model_copy(
            update={"filtered": is_steady and device.adjustable.thermography.filtered}
        )
        device.thermal.apply(settings, device.thermal.rois)
        frame = ThermalFrame(event.time, device.frames, temperatures)
        data = thermal_data(device.thermal.process(temperatures, event.time), frame, event.data.media, device.thermal)
        return None if data is None else self._finding(event, data, event.data.media[0])

    def _finding(self, event: FrameEvent | ThermalEvent, data: Any, key: str) -> Finding:
        finding_id = str(uuid5(_NAMESPACE, "/".join((event.source, event.id, self.version))))
        return Finding(event.model_copy(update={"id": finding_id, "data": data}), key)


def _read(archive: ArchiveReader, key: str, decode: Callable[[bytes], Any]) -> Any:
    """`None` where the medium is not kept, or cannot be decoded."""
    body = archive.read(key)
    if body is None:
        return None
    try:
        return decode(body)
    except (ValueError, EOFError):
        return None


def _grey(event: FrameEvent, key: str, body: bytes) -> Grey:
    """Reduced grey as the live analysis had it, without the bars of a thumbnail. H x W uint8. Raises `ValueError`."""
    grey = decoded_grey(body, SMALL_WIDTH)
    if grey is None:
        raise ValueError("the picture cannot be read")
    if key.split("/")[2] == "thumbnail":
        return _without_bars(grey, event)
    height, width = grey.shape
    if width <= SMALL_WIDTH:
        return grey
    size = (SMALL_WIDTH, max(2, round(height * SMALL_WIDTH / width)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _without_bars(grey: Grey, event: FrameEvent) -> Grey:
    seen = (event.data.width, event.data.height)
    if grey.shape != THUMBNAIL[::-1] or not all(seen):
        return grey
    width, height = fitted((seen[0] or 1, seen[1] or 1), THUMBNAIL)
    left, top = (THUMBNAIL[0] - width) // 4 * 2, (THUMBNAIL[1] - height) // 4 * 2
    return np.ascontiguousarray(grey[top : top + height, left : left + width])
