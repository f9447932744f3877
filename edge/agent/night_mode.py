"""Decides by the clock of the site, or the sun, which settings are in force, and sets the controls of the camera."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bus_schemas.settings import AdjustableSettings
from edge.agent.context import AgentContext
from edge.agent.settings import DeviceSettings
from edge.agent.source_settings import V4l2SourceSettings
from edge.capture.camera_controls import NightControls

NO_CONTROLS = "night changes the controls of cameras at the machine of their agent, not of this one"


class NightMode:
    """Used by the thread that analyses the pictures of a device."""

    def __init__(self, settings: DeviceSettings, context: AgentContext) -> None:
        self._zone = ZoneInfo(settings.time_zone)
        camera = settings.visual
        self._controls = (
            NightControls(context.open_controls(camera.path)) if isinstance(camera, V4l2SourceSettings) else None
        )
        self.trouble: str | None = None

    def in_force(self, adjustable: AdjustableSettings, time: datetime) -> AdjustableSettings:
        """The settings for a picture of this moment."""
        local, night = time.astimezone(self._zone), adjustable.night
        if self._controls is None:
            self.trouble = NO_CONTROLS if night.controls.asks else None
        else:
            self._controls.apply(night.controls if night.is_night(local) else None)
            self.trouble = self._controls.trouble
        return adjustable.at(local)
