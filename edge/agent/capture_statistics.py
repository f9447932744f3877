"""Counts what one device has captured since its agent started."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from bus_schemas.agent import CaptureStatistics, ThermalStatistics
from bus_schemas.camera import MotionEvent
from bus_schemas.event import Event
from bus_schemas.media import SegmentEvent, SnapshotEvent
from producer.outbox.tables import Draft

_COUNTED: Final[tuple[type[Event], ...]] = (MotionEvent, SegmentEvent, SnapshotEvent)


def nothing_buffered() -> int:
    """The bytes of a device that keeps nothing of before a recording."""
    return 0


def no_sensor() -> None:
    """The statistics of a device without a thermal sensor."""


class CaptureCounter:
    """`note` is called by the capture threads of the device, `statistics` by the main thread of the agent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._motions = self._recordings = self._snapshots = 0
        self._recorded_s = 0.0
        self._last_motion: datetime | None = None
        self.buffered: Callable[[], int] = nothing_buffered
        self.thermal: Callable[[], ThermalStatistics | None] = no_sensor

    def note(self, drafts: Sequence[Draft]) -> None:
        counted = [draft.event for draft in drafts if isinstance(draft.event, _COUNTED)]
        if counted:
            with self._lock:
                for event in counted:
                    self._count(event)

    def _count(self, event: Event) -> None:
        match event:
            case MotionEvent():
                self._last_motion = event.time
                self._motions += event.data.phase == "start"
            case SegmentEvent():
                self._recordings += 1
                self._recorded_s += event.data.duration_s
            case SnapshotEvent():
                self._snapshots += 1

    def statistics(self) -> CaptureStatistics:
        with self._lock:
            return CaptureStatistics(
                motion_events=self._motions,
                recordings=self._recordings,
                snapshots=self._snapshots,
                recorded_s=round(self._recorded_s, 1),
                last_motion=self._last_motion,
                buffer_bytes=self.buffered(),
                thermal=self.thermal(),
            )
