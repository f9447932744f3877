"""The section `hub.mosaic`: how the picture of each minute is drawn."""

from typing import Annotated

from pydantic import Field

from consumers.hub_config import MOSAIC_BYTES
from edge.agent.source_settings import SettingsModel


class MosaicSection(SettingsModel):
    """The mosaics of all devices, one a minute."""

    bytes_of_nine: Annotated[int, Field(ge=10_000, le=5_000_000)] = Field(
        default=MOSAIC_BYTES,
        description="The most bytes of the picture of a minute with up to 9 devices; with more it grows as their cells"
        " do. Quality and size of the cells follow from it.",
    )
    quality: Annotated[int, Field(ge=20, le=95)] = Field(
        default=85, description="The best JPEG quality, which is taken where the bytes allow it."
    )
    cell_width: Annotated[int, Field(ge=128, le=1280, multiple_of=2)] = Field(
        default=400, description="Pixels across a cell, where there are few devices."
    )
    cell_height: Annotated[int, Field(ge=96, le=960, multiple_of=2)] = Field(
        default=300, description="Pixels down a cell, where there are few devices."
    )
    wall: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}:[1-9][0-9]{0,3}$")] | None = Field(
        default=None,
        description="Shape of the screen that shows the mosaics, such as `9:16`, by which columns and rows are chosen;"
        " default rows of six, and `16:9` for more than 40 devices.",
    )
