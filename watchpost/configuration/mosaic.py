"""The section `hub.mosaic`: how the picture of each minute is drawn."""

from typing import Annotated

from pydantic import Field

from consumers.hub_config import MOSAIC_BYTES, PAST_DAYS, PAST_EVERY_MINUTES
from edge.agent.source_settings import SettingsModel


class MosaicSection(SettingsModel):
    """The mosaics of all devices, one a minute. After a change those of the last 24 hours are drawn again, as far as
    their pictures are kept.
    """

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
    past_every_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=PAST_EVERY_MINUTES,
        description="Of what is older than 24 hours, the picture of one minute in so many stays, for the timeline.",
    )
    past_days: Annotated[int, Field(ge=0, le=366)] = Field(
        default=PAST_DAYS, description="Days for which these pictures stay; 0 keeps none."
    )
