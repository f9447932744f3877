"""The interface to the drawing of thermal pictures of the past. The analyses of the edge do it, which the command line
joins to the gateway: neither knows the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from bus_schemas.settings import AdjustableSettings
from bus_schemas.thermal import Region

PictureForm = Literal["thermal", "gradient", "fusion", "mixed", "edges"]
"""The heat alone, how much it changes from pixel to pixel, or both sensors as one: as it is set for
the device, or in one of the two forms.
"""


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """A raw frame, and how it is to be shown; `time` is that of the clocks of the site. Without `regions` those of the
    settings are measured again. `visual` is the JPEG of a camera of this size (width, height).
    """

    frame: bytes
    time: datetime
    site_name: str
    settings: AdjustableSettings
    form: PictureForm = "thermal"
    regions: tuple[Region, ...] | None = None
    with_labels: bool = True
    scale: int | None = None
    """So many pixels for each of the sensor, and nothing written into them."""
    visual: bytes | None = None
    visual_size: tuple[int, int] | None = None


class RegionTemperatures(NamedTuple):
    """°C of one region in one frame; `confidence` is that of a transformer that was found by its warmth."""

    name: str
    min: float
    max: float
    avg: float
    q1: float
    q3: float
    confidence: float | None = None


class ThermalDrawing(Protocol):
    """For use from any thread. Both raise `ValueError` where the frame, or the picture, cannot be read."""

    def picture(self, wanted: PictureRequest) -> bytes: ...

    def temperatures(self, frame: bytes, settings: AdjustableSettings) -> list[RegionTemperatures]: ...


OpenDrawing = Callable[[], ThermalDrawing]
"""Loads what draws, which takes a tenth of a second and 20 MB: where somebody looks at the past."""
