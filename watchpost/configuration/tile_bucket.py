"""The section `hub.tile_bucket`: a bucket of S3 from which browsers read the minute tiles without the hub."""

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from edge.agent.source_settings import EnvName
from watchpost.configuration.bucket import BucketSection, Prefix, plain_address

PAGE_PUBLIC_URL: Final = "REACT_APP_CLOUDFLARE_R2_PUBLIC_URL"
"""The variable that pages of before were built with."""


class TileBucketSection(BucketSection):
    """A bucket that a hub fills with the tiles and the JSON of each minute as it closes, and with a page for them."""

    prefix: Prefix | Literal[""] = Field(
        default="", description="What the names of our objects begin with, before `heatmaps/`; default nothing."
    )
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = Field(
        default="auto", description="As the server calls it."
    )
    endpoint_env: EnvName = Field(
        default="CLOUDFLARE_R2_ENDPOINT",
        description="The environment variable with the address, where `endpoint` has none.",
    )
    access_key_env: EnvName | None = Field(
        default="CLOUDFLARE_R2_ACCESS_KEY_ID", description="The environment variable with the access key."
    )
    secret_key_env: EnvName | None = Field(
        default="CLOUDFLARE_R2_SECRET_ACCESS_KEY", description="The environment variable with the secret key."
    )
    public_url: str | None = Field(
        default=None,
        description="The address under which everybody can read the objects; without it they are private, and read by "
        "links that the hub signs.",
    )
    public_url_env: EnvName = Field(
        default="CLOUDFLARE_R2_PUBLIC_URL",
        description="The environment variable with it, where `public_url` has none.",
    )
    page_public_url_env: EnvName = Field(
        default=PAGE_PUBLIC_URL, description="And the one that is looked for after that."
    )
    page: bool = Field(default=True, description="Whether the page that shows the minutes is put there too.")
    bytes_per_s: Annotated[int, Field(ge=10_000)] | None = Field(
        default=None, description="The most that uploads may take of the link; default all of it."
    )

    @model_validator(mode="before")
    @classmethod
    def _files_replace_default_variables(cls, given: object) -> object:
        """Where files are named for the keys, the default variables are not read."""
        if not isinstance(given, dict):
            return given
        keys = [key for key in ("access_key", "secret_key") if given.get(f"{key}_file") is not None]
        return {**{f"{key}_env": None for key in keys}, **given}

    @field_validator("public_url")
    @classmethod
    def _plain_public_url(cls, address: str | None) -> str | None:
        return None if address is None else plain_address(address).rstrip("/")
