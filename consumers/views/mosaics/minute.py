"""One minute of a site: the state of each device, its tiles, and its JSON description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pydantic_core import to_json

from bus_schemas.condition import SEVERITY, Condition, worst
from bus_schemas.event import iso
from consumers.hub_config import Mosaic
from consumers.views.mosaics.incident_times import NOTHING, Worst
from consumers.views.mosaics.layout import SiteLayout, TileSize
from consumers.views.mosaics.minute_state import CLASSES, MinuteState, condition_of_type, of_minute, state_of
from consumers.views.mosaics.sightings import Seen

CellStatus = Literal["active", "missing", "undecodable"]
"""Whether a cell has the picture of its device; else whether there is none, or one that cannot be decoded."""


class Shown(NamedTuple):
    """The content and size of a cell: a device, its label and state, and the key of its picture, if there is one."""

    site: str
    device: str
    label: str
    state: MinuteState
    key: str | None
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DeviceMinute:
    """A device in a minute: its pictures and analysis, if any, and its worst condition at any moment of it."""

    device: str
    seen: Seen | None
    condition: Condition
    types: tuple[str, ...]
    """Its incidents and the faults of its frames, the worst first."""

    @property
    def state(self) -> MinuteState:
        return state_of(self.condition)

    @property
    def key(self) -> str | None:
        return None if self.seen is None else self.seen.picture

    @property
    def is_blind(self) -> bool:
        """Whether the device reported that it cannot judge its own state."""
        return self.seen is not None and bool(self.seen.is_blind) and not self.seen.is_well


def device_minute(device: str, seen: Seen | None, held: Worst = NOTHING) -> DeviceMinute:
    """The worst of what incidents made of it, and of what was wrong with any of its frames."""
    wrong = {kind: condition_of_type(kind) for kind in (seen.types.split() if seen is not None else ())}
    known: Condition = "ok" if seen is not None and seen.is_well else "unknown"
    condition = worst((known, held.condition, *wrong.values()))
    return DeviceMinute(device, seen, condition, tuple(dict.fromkeys((*held.types, *sorted(wrong)))))


@dataclass(frozen=True, slots=True)
class MosaicMinute:
    """The devices of a site in one minute since 1970, sorted by name."""

    site: str
    minute: int
    devices: tuple[DeviceMinute, ...]
    names: Mapping[str, str]
    settings: Mosaic
    layout: SiteLayout = field(init=False, compare=False)
    _cells_shown: tuple[Shown, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        layout = SiteLayout(len(self.devices), self.settings)
        object.__setattr__(self, "layout", layout)
        cells = (
            Shown(self.site, each.device, self._label(each.device), each.state, each.key, *layout.cell)
            for each in self.devices
        )
        object.__setattr__(self, "_cells_shown", tuple(cells))

    @property
    def state(self) -> MinuteState:
        has_data = any(each.seen is not None or each.types for each in self.devices)
        is_blind = any(each.is_blind for each in self.devices)
        return of_minute((each.state for each in self.devices), has_data=has_data, is_blind=is_blind)

    @property
    def condition(self) -> Condition:
        """The worst of its devices, and no better than its state."""
        if self.state is MinuteState.INCIDENT:
            return worst(each.condition for each in self.devices)
        return "ok" if self.state is MinuteState.OK else "unknown"

    @property
    def types(self) -> tuple[str, ...]:
        """The faults of all devices, those of the worst first."""
        ordered = sorted(self.devices, key=lambda each: -SEVERITY[each.condition])
        return tuple(dict.fromkeys(kind for each in ordered for kind in each.types))

    @property
    def incidents(self) -> int:
        """How many devices had any."""
        return self._count(MinuteState.INCIDENT)

    @property
    def time_key(self) -> str:
        return time_key(self.minute)

    def shown(self, *states: MinuteState) -> tuple[Shown, ...]:
        """The cells of the devices in one of these states, or of all."""
        return tuple(cell for cell in self._cells_shown if cell.state in states) if states else self._cells_shown

    def _label(self, device: str) -> str:
        """The name that people gave it; the ids of site and device where they gave none."""
        name = self.names.get(device, device)
        return f"{self.site}_{device}" if name == device else name

    def describe(
        self, revision: int, without_picture: Mapping[str, CellStatus], sizes: Sequence[TileSize | None]
    ) -> bytes:
        """The JSON of the minute, which was corrected `revision` times since it closed; the named devices have a
        placeholder in its tiles, and why. The sizes are those of the mosaics of all devices, of those without an
        incident and of those with one.
        """
        of_all, of_ok, of_ko = sizes
        return to_json(
            {
                "time_key": self.time_key,
                "minute": self.minute,
                "revision": revision,
                "timestamp": iso(datetime.fromtimestamp(self.minute * 60, UTC)),
                "site": self.site,
                "state": CLASSES[self.state],
                "condition": self.condition,
                "types": self.types,
                "incidents_count": self.incidents,
                "unknown_count": self._count(MinuteState.UNKNOWN),
                "hosts_count": sum(each.device not in without_picture for each in self.devices),
                "byte_budget": self.layout.byte_budget,
                **self._cells(of_all),
                "ok": self._cells(of_ok, MinuteState.OK),
                "ko": self._cells(of_ko, MinuteState.INCIDENT),
                "devices": [
                    self._device(number, each, without_picture.get(each.device, "active"))
                    for number, each in enumerate(self.devices)
                ],
            },
            indent=2,
        )

    def _count(self, state: MinuteState) -> int:
        return sum(each.state is state for each in self.devices)

    def _cells(self, tile: TileSize | None, *states: MinuteState) -> dict[str, Any]:
        shown = self.shown(*states)
        width, height = self.layout.size(len(shown))
        placed = [
            {"device": each.device, "x": cell.x, "y": cell.y, "w": cell.width, "h": cell.height}
            | {"state": CLASSES[each.state]}
            for each, cell in zip(shown, self.layout.cells(len(shown)), strict=True)
        ]
        encoded = {"bytes": None, "quality": None} if tile is None else tile._asdict()
        return {"width": width, "height": height, **encoded, "cells": placed}

    def _device(self, number: int, one: DeviceMinute, status: CellStatus) -> dict[str, Any]:
        return {
            "host_name": self.site,
            "device_id": one.device,
            "device_name": self.names.get(one.device, one.device),
            "sequence": number,
            "image_url": None if one.key is None else f"/media/{one.key}",
            "status": status,
            "is_placeholder": status != "active",
            "state": CLASSES[one.state],
            "condition": one.condition,
            "types": one.types,
            "analysis_json": None if one.seen is None else _analysis(one.seen),
        }


def time_key(minute: int) -> str:
    """`1425` for 14:25 UTC."""
    hour, of_hour = divmod(minute % 1440, 60)
    return f"{hour:02d}{of_hour:02d}"


def _analysis(seen: Seen) -> dict[str, Any] | None:
    """The analysis by the names under which viewers know it; `null` where it is unknown."""
    frame = seen.analysis
    if frame is None or seen.frame_at is None:
        return None
    is_heard = frame.audio is not None
    return {
        "timestamp": iso(datetime.fromtimestamp(seen.frame_at, UTC)),
        "filename": frame.media[0] if frame.media else None,
        "audio": frame.audio,
        "blackscreen": frame.blackscreen,
        "blackscreen_percentage": frame.blackscreen_percentage,
        "blackscreen_threshold": frame.blackscreen_threshold,
        "blackscreen_region": frame.blackscreen_region,
        "zap": frame.zap,
        "has_bottom_content": frame.has_bottom_content,
        "bottom_edge_density": frame.bottom_edge_density,
        "freeze": frame.freeze,
        "freeze_diffs": list(frame.freeze_diffs),
        "freeze_threshold": frame.freeze_threshold,
        "freeze_comparisons": [one.model_dump() for one in frame.freeze_comparisons],
        "corrupt_rows": frame.corrupt_rows,
        "identical_rows": frame.identical_rows,
        "identical_rows_threshold": frame.identical_rows_threshold,
        "macroblocks": frame.macroblocks,
        "block_percentage": frame.block_percentage,
        "block_threshold": frame.block_threshold,
        "false_colour_percentage": frame.false_colour_percentage,
        "last_3_filenames": list(frame.last_3_media),
        "last_3_thumbnails": seen.thumbnail_keys(),
        "volume_percentage": frame.volume_percentage if is_heard else None,
        "mean_volume_db": frame.mean_volume_db if is_heard else None,
        "audio_at": iso(frame.audio_at) if is_heard and frame.audio_at is not None else None,
        "quality_score": frame.quality_score,
        "analyzed": frame.analyzed,
        "skip_reason": frame.skip_reason,
        "performance_ms": frame.performance_ms,
    }
