"""The section `hub.cold_storage`: a bucket of S3 that media and days of the journal go to."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.recording_settings import TimeOfDay
from edge.agent.source_settings import SettingsModel
from watchpost.configuration.bucket import BucketSection, Prefix
from watchpost.configuration.retention import Bytes


class HoursSection(SettingsModel):
    """A time of day in UTC; it may pass midnight, and is the whole day where it ends when it begins."""

    start: TimeOfDay = Field(description="HH:MM.")
    end: TimeOfDay = Field(description="HH:MM.")


class ColdStorageSection(BucketSection):
    """A bucket: Amazon S3, R2, MinIO or another server that speaks its protocol."""

    prefix: Prefix = Field(
        default="watchpost", description="What the names of our objects begin with; it belongs to one hub."
    )
    archive_after_minutes: Annotated[int, Field(ge=10, le=10_080)] = Field(
        default=15, description="Minutes after which a pack of media is uploaded."
    )
    keep_hot_hours: Annotated[float, Field(gt=0, le=24 * 3660)] = Field(
        default=24, description="Hours after which the disk drops what the bucket has."
    )
    copies: Literal[1, 2] = Field(
        default=1, description="With 2, media stay on the disk too, as long as it has room for them."
    )
    bytes_per_s: Annotated[int, Field(ge=10_000)] | None = Field(
        default=None, description="The most that uploads may take of the link; default all of it."
    )
    hours: HoursSection | None = Field(default=None, description="When uploads may run; default always.")
    cache_bytes: Bytes = Field(
        default=1_000_000_000, description="The most bytes that the disk keeps of what was read from the bucket."
    )
