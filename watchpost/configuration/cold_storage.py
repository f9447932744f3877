"""The section `hub.cold_storage`: a bucket of S3 that media and days of the journal go to."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, PositiveInt, field_validator, model_validator

from bus_schemas.recording_settings import TimeOfDay
from edge.agent.source_settings import EnvName, SettingsModel


class HoursSection(SettingsModel):
    """A time of day in UTC; it may pass midnight."""

    start: TimeOfDay = Field(description="HH:MM.")
    end: TimeOfDay = Field(description="HH:MM.")


class ColdStorageSection(SettingsModel):
    """A bucket: Amazon S3, R2, MinIO or another server that speaks its protocol."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = Field(
        description="Its name; it must exist."
    )
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=200)] = Field(
        default="watchpost", description="What the names of our objects begin with; it belongs to one hub."
    )
    endpoint: str | None = Field(default=None, description="The address of the server; default that of Amazon.")
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = Field(
        default="us-east-1", description="As the server calls it; `auto` for R2."
    )
    access_key_env: EnvName | None = Field(default=None, description="The environment variable with the access key.")
    access_key_file: Path | None = Field(default=None, description="Or the file that holds it.")
    secret_key_env: EnvName | None = Field(default=None, description="The environment variable with the secret key.")
    secret_key_file: Path | None = Field(default=None, description="Or the file that holds it.")
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
    cache_bytes: PositiveInt = Field(
        default=1_000_000_000, description="The most bytes that the disk keeps of what was read from the bucket."
    )

    @field_validator("endpoint")
    @classmethod
    def _plain_endpoint(cls, endpoint: str | None) -> str | None:
        """A password in it would be shown wherever it is named."""
        if endpoint is None:
            return None
        parts = urlsplit(endpoint)
        is_plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
        if not is_plain or "@" in parts.netloc or re.search(r"[\s'\"]", endpoint):
            raise ValueError(
                "give the address of the server alone, such as https://s3.example.net, without a key in it"
            )
        return endpoint

    @model_validator(mode="after")
    def _both_keys(self) -> "ColdStorageSection":
        access = [self.access_key_env, self.access_key_file].count(None)
        secret_ = [self.secret_key_env, self.secret_key_file].count(None)
        if access == 0 or secret_ == 0:
            raise ValueError("a key comes from an environment variable or from a file, not from both")
        if access != secret_:
            raise ValueError("give both the access key and the secret key, or neither")
        return self
