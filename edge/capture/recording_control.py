"""Decides at each moment whether video is recorded, by the mode of the device, its schedule and its motion."""

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from bus_schemas.recording_settings import SCHEDULED, TRIGGERED, RecordingMode, RecordingSettings, in_schedule

PauseReason = Literal["off", "schedule", "no_motion"]
_UTC: Final = ZoneInfo("UTC")
_OLDER: Final = timedelta(seconds=2)


class RecordingDecision(NamedTuple):
    """`reason` says why nothing is recorded, and is `None` while something is."""

    mode: RecordingMode
    reason: PauseReason | None

    @property
    def records(self) -> bool:
        return self.reason is None


class RecordingControl:
    """The settings are changed by the main thread of the agent, motion is reported by the thread of the analysis, and
    decisions are asked for by that of the capture.
    """

    def __init__(
        self, settings: RecordingSettings | None = None, zone: ZoneInfo = _UTC, *, is_allowed: bool = True
    ) -> None:
        self._settings = settings or RecordingSettings()
        self._zone = zone
        self._is_allowed = is_allowed
        self._moved_at: datetime | None = None
        self._asked: tuple[datetime, datetime] | None = None

    def apply(self, settings: RecordingSettings, zone: ZoneInfo) -> None:
        """From the next moment on."""
        self._settings, self._zone = settings, zone

    def moved(self, time: datetime) -> None:
        self._moved_at = time

    def record_now(self, now: datetime, seconds: float) -> datetime:
        """Record for so long, whatever the mode; returns until when. A request that lasts longer is not cut short."""
        begun, until = now, now + timedelta(seconds=seconds)
        if self._asked is not None and self._is_asked(now):
            begun, until = min(begun, self._asked[0]), max(until, self._asked[1])
        self._asked = (begun, until)
        return until

    def decide(self, time: datetime) -> RecordingDecision:
        """For the video of this moment."""
        settings = self._settings
        return RecordingDecision(settings.mode, self._pause_reason(settings, time))

    @property
    def may_record(self) -> bool:
        """Whether video that is not recorded now may be needed a moment later."""
        return self._is_allowed and self._settings.mode != "off"

    @property
    def pre_roll_s(self) -> float:
        """How much of before a recording belongs to it."""
        settings = self._settings
        return settings.pre_roll_s if self._is_allowed and settings.mode in TRIGGERED else 0.0

    def _pause_reason(self, settings: RecordingSettings, time: datetime) -> PauseReason | None:
        if not self._is_allowed:
            return "off"
        if self._is_asked(time):
            return None
        if settings.mode == "off":
            return "off"
        if settings.mode in SCHEDULED and not in_schedule(settings.schedule, time.astimezone(self._zone)):
            return "schedule"
        if settings.mode in TRIGGERED and not self._has_moved(settings, time):
            return "no_motion"
        return None

    def _is_asked(self, time: datetime) -> bool:
        """Pictures may be a little older than the request; the clock may have been set back since."""
        asked = self._asked
        return asked is not None and asked[0] - _OLDER <= time < asked[1]

    def _has_moved(self, settings: RecordingSettings, time: datetime) -> bool:
        """The clock may have been set back since the last motion."""
        moved_at = self._moved_at
        return moved_at is not None and abs(time - moved_at) <= timedelta(seconds=settings.post_roll_s)
