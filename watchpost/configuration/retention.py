"""The sections that say how long media are kept: of each kind, and of single devices."""

from typing import Annotated

from pydantic import Field

from bus_schemas.thermal import COLUMNS, ROWS
from consumers.hub_config import HOURS_KEPT
from edge.agent.defaults import THUMBNAIL
from edge.agent.source_settings import SettingsModel

_SMALL = f"{THUMBNAIL[0]}x{THUMBNAIL[1]} pictures."
_RAW = f"Raw {ROWS}x{COLUMNS} frames."
Hours = Annotated[float, Field(gt=0, le=876_000)]
Bytes = Annotated[int, Field(gt=0, le=10**18)]
"""More than any disk has, and no more than SQLite counts."""


class RetentionSection(SettingsModel):
    """Hours of event time after which media are dropped."""

    capture: Hours = Field(default=HOURS_KEPT["capture"], description="Full pictures.")
    thumbnail: Hours = Field(default=HOURS_KEPT["thumbnail"], description=_SMALL)
    segment: Hours = Field(default=HOURS_KEPT["segment"], description="Video segments.")
    thermal: Hours = Field(default=HOURS_KEPT["thermal"], description=_RAW)


class DeviceRetentionSection(SettingsModel):
    """Hours after which media of this device are dropped, where that differs from `hub.retention_hours`."""

    capture: Hours | None = Field(default=None, description="Full pictures.")
    thumbnail: Hours | None = Field(default=None, description=_SMALL)
    segment: Hours | None = Field(default=None, description="Video segments.")
    thermal: Hours | None = Field(default=None, description=_RAW)
    segment_bytes: Bytes | None = Field(
        default=None, description="Bytes of recorded video of this device; the oldest goes beyond them."
    )
