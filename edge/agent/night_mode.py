"""Decides by the clock of the site, or the sun, which settings are in force, and sets the controls of the camera."""

import time
from datetime import datetime

from bus_schemas.settings import AdjustableSettings
from edge.agent.context import AgentContext
from edge.agent.settings import DeviceSettings
from edge.agent.source_settings import V4l2SourceSettings
from edge.capture.camera_controls import NightControls
from producer.clock import Elapsed

NO_CONTROLS = "night changes the controls of cameras at the machine of their agent, not of this one"


class NightMode:
    """Used by the thread that analyses the pictures of a device, but for `override`."""

    def __init__(self, settings: DeviceSettings, context: AgentContext, elapsed: Elapsed = time.monotonic) -> None:
        self._elapsed = elapsed
        self._override: tuple[bool, float] | None = None
        self._zone = settings.zone
        camera = settings.visual
        self._controls = (
            NightControls(context.open_controls(camera.path)) if isinstance(camera, V4l2SourceSettings) else None
        )
        self.trouble: str | None = None

    def override(self, is_night: bool | None, seconds: float) -> None:
        """Called by another thread: it is night, or day, for so long; `None` lets the settings decide again."""
        self._override = None if is_night is None else (is_night, self._elapsed() + seconds)

    def in_force(self, adjustable: AdjustableSettings, moment: datetime) -> AdjustableSettings:
        """The settings for a picture of this moment."""
        local, night = moment.astimezone(self._zone(adjustable)), adjustable.night
        override = self._override
        is_overridden = override is not None and self._elapsed() < override[1]
        is_night = override[0] if is_overridden and override is not None else night.is_night(local)
        if self._controls is None:
            self.trouble = NO_CONTROLS if night.controls.asks else None
        else:
            self._controls.apply(night.controls if is_night else None)
            self.trouble = self._controls.trouble
        return adjustable.by_night() if is_night else adjustable
