"""Decides which raw frames of a thermal sensor are kept: one in a while, and all of them around an alert."""

from collections import deque
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, NamedTuple

from bus_schemas.radiometric import CONTENT_TYPE, FINEST_STEP_C, RadiometricFrame, encode
from edge.agent.event_factory import EncodedPicture
from edge.agent.settings import RatesSettings
from edge.capture.pacing import Every
from edge.capture.sources.source import ThermalFrame

HOUR: Final = timedelta(hours=1)
FRAMES_REMEMBERED: Final = 64 * 60
"""A minute of the fastest sensor."""
LATE_FRAMES_PER_CALL: Final = 2
"""Frames from before an alert are encoded a few at a time, so that they hold up no frame that is measured now."""


class EncodedFrame(NamedTuple):
    time: datetime
    picture: EncodedPicture


class FrameHistory:
    """Give it every frame once and in order. Frames around a change of the alert level keep the resolution of events,
    a hundredth of a degree; others that of `thermal_step_c`.
    """

    def __init__(self, rates: RatesSettings) -> None:
        self._step_c = rates.thermal_step_c
        self._regular = Every(rates.thermal_frame_s)
        self._before = timedelta(seconds=rates.thermal_before_s)
        self._after = timedelta(seconds=rates.thermal_after_s)
        self._most_per_hour = rates.thermal_alert_frames
        self._seen: deque[ThermalFrame] = deque(maxlen=FRAMES_REMEMBERED)
        self._late: deque[ThermalFrame] = deque()
        self._until: datetime | None = None
        self._hour: datetime | None = None
        self._taken = 0

    def is_due(self, frame: ThermalFrame) -> bool:
        return self._regular.due(frame.time)

    def around_alert(self, frame: ThermalFrame, *, is_change: bool) -> bool:
        """Whether this frame is kept for an alert. A change of the level also keeps those just before it."""
        if is_change:
            self._until = frame.time + self._after
            self._late.extend(one for one in self._seen if one.time >= frame.time - self._before)
            self._seen.clear()
        if self._until is not None and not self._until - self._after <= frame.time <= self._until:
            self._until = None
        return self._until is not None and self._has_room(frame.time)

    def remember(self, frame: ThermalFrame) -> None:
        """A frame that is not kept for now."""
        oldest = frame.time - self._before
        for _ in list(takewhile(lambda one: not oldest <= one.time <= frame.time, self._seen)):
            self._seen.popleft()
        if self._before:
            self._seen.append(frame)

    def take_late(self, now: datetime) -> list[EncodedFrame]:
        """Some of the frames from before an alert."""
        due = [self._late.popleft() for _ in range(min(LATE_FRAMES_PER_CALL, len(self._late)))]
        return [self.exact(frame) for frame in due if self._has_room(now)]

    def exact(self, frame: ThermalFrame) -> EncodedFrame:
        return _encoded(frame, min(self._step_c, FINEST_STEP_C))

    def regular(self, frame: ThermalFrame) -> EncodedFrame:
        return _encoded(frame, self._step_c)

    def _has_room(self, time: datetime) -> bool:
        """A level that changes all the time fills no disk: beyond so many frames in an hour only regular ones stay."""
        if self._hour is None or not self._hour <= time < self._hour + HOUR:
            self._hour, self._taken = time, 0
        self._taken += 1
        return self._taken <= self._most_per_hour


def _encoded(frame: ThermalFrame, step_c: float) -> EncodedFrame:
    rows, columns = frame.temperatures.shape
    body = encode(RadiometricFrame(columns, rows, frame.temperatures.ravel().tolist()), step_c)
    return EncodedFrame(frame.time, EncodedPicture(body, columns, rows, content_type=CONTENT_TYPE))
