"""The sections that say how long media are kept: of each kind, and of single devices."""

from typing import Annotated

from pydantic import Field, PositiveInt

from edge.agent.source_settings import SettingsModel

Hours = Annotated[float, Field(gt=0, le=876_000)]


class RetentionSection(SettingsModel):
    """Hours of event time after which media are dropped."""

    capture: Hours = Field(default=1, description="Full pictures.")
    thumbnail: Hours = Field(default=24, description="320x180 pictures.")
    segment: Hours = Field(default=24, description="Video segments.")
    thermal: Hours = Field(default=24, description="Raw 24x32 frames.")


class DeviceRetentionSection(SettingsModel):
    """Hours after which media of this device are dropped, where that differs from `hub.retention_hours`."""

    capture: Hours | None = Field(default=None, description="Full pictures.")
    thumbnail: Hours | None = Field(default=None, description="320x180 pictures.")
    segment: Hours | None = Field(default=None, description="Video segments.")
    thermal: Hours | None = Field(default=None, description="Raw 24x32 frames.")
    segment_bytes: PositiveInt | None = Field(
        default=None, description="Bytes of recorded video of this device; the oldest goes beyond them."
    )
