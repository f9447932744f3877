"""One minute of a site: what is known of each device, the tiles that show it, and the JSON that says it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from bus_schemas.camera import Frame
from bus_schemas.event import iso
from consumers.views.mosaics.drawing import Shown
from consumers.views.mosaics.layout import cells, size
from consumers.views.mosaics.state import CLASSES, State, of_frame, of_minute


@dataclass(frozen=True, slots=True)
class Seen:
    """A device in a minute: its newest picture and its newest analysis, each with its moment."""

    device: str
    key: str | None = None
    frame: Frame | None = None
    frame_time: float | None = None

    @property
    def state(self) -> State:
        return of_frame(self.frame)


@dataclass(frozen=True, slots=True)
class Minute:
    """The devices of a site in one minute since 1970, sorted by name."""

    site: str
    minute: int
    seen: tuple[Seen, ...]
    names: dict[str, str]

    @property
    def state(self) -> State:
        has_data = any(each.key or each.frame for each in self.seen)
        return of_minute((each.state for each in self.seen), has_data)

    @property
    def time_key(self) -> str:
        return time_key(self.minute)

    def shown(self, *states: State) -> list[Shown]:
        """The cells of the devices in one of these states, or of all."""
        chosen = [each for each in self.seen if not states or each.state in states]
        return [Shown(self.site, each.device, each.state, each.key) for each in chosen]

    def describe(self, cell_width: int, cell_height: int) -> bytes:
        """The JSON of the minute."""
        incidents = sum(each.state is State.INCIDENT for each in self.seen)
        return to_json(
            {
                "time_key": self.time_key,
                "minute": self.minute,
                "timestamp": iso(datetime.fromtimestamp(self.minute * 60, UTC)),
                "site": self.site,
                "state": CLASSES[self.state],
                "incidents_count": incidents,
                "hosts_count": sum(each.key is not None for each in self.seen),
                **self._cells((), cell_width, cell_height),
                "ok": self._cells((State.OK,), cell_width, cell_height),
                "ko": self._cells((State.INCIDENT,), cell_width, cell_height),
                "devices": [self._device(number, each) for number, each in enumerate(self.seen)],
            },
            indent=2,
        )

    def _cells(self, states: tuple[State, ...], cell_width: int, cell_height: int) -> dict[str, Any]:
        shown = self.shown(*states)
        width, height = size(len(shown), cell_width, cell_height)
        placed = [
            {"device": each.device, "x": cell.x, "y": cell.y, "w": cell.width, "h": cell.height}
            | {"state": CLASSES[each.state]}
            for each, cell in zip(shown, cells(len(shown), cell_width, cell_height), strict=True)
        ]
        return {"width": width, "height": height, "cells": placed}

    def _device(self, number: int, seen: Seen) -> dict[str, Any]:
        return {
            "host_name": self.site,
            "device_id": seen.device,
            "device_name": self.names.get(seen.device, seen.device),
            "sequence": number,
            "image_url": None if seen.key is None else f"/media/{seen.key}",
            "status": "missing" if seen.key is None else "active",
            "is_placeholder": seen.key is None,
            "state": CLASSES[seen.state],
            "analysis_json": _analysis(seen),
        }


def time_key(minute: int) -> str:
    """`1425` for 14:25 UTC."""
    hour, of_hour = divmod(minute % 1440, 60)
    return f"{hour:02d}{of_hour:02d}"


def _analysis(seen: Seen) -> dict[str, Any] | None:
    """The analysis by the names under which viewers know it; `null` where nobody could tell."""
    frame = seen.frame
    if frame is None or seen.frame_time is None:
        return None
    return {
        "timestamp": iso(datetime.fromtimestamp(seen.frame_time, UTC)),
        "filename": frame.media[0] if frame.media else None,
        "audio": frame.audio,
        "blackscreen": frame.blackscreen,
        "blackscreen_percentage": frame.blackscreen_percentage,
        "freeze": frame.freeze,
        "freeze_diffs": list(frame.freeze_diffs),
        "last_3_filenames": list(frame.last_3_media),
        "last_3_thumbnails": [key for key in frame.last_3_media if "/thumbnail/" in key],
        "volume_percentage": frame.volume_percentage,
        "mean_volume_db": frame.mean_volume_db,
        "quality_score": frame.quality_score,
    }
