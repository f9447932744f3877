"""What every section that names a bucket of S3 has: the bucket, the server, and where the keys come from."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from edge.agent.source_settings import EnvName, SettingsModel

Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=200)]


def plain_address(address: str) -> str:
    """A password in it would be shown wherever it is named. Raises `ValueError`."""
    try:
        parts = urlsplit(address)
        is_server = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # its port or its address of IPv6 is none
        raise ValueError("this is no address of a server, such as https://s3.example.net:9000") from None
    is_plain = is_server and not parts.query and not parts.fragment
    if not is_plain or "@" in parts.netloc or re.search(r"[\s'\"]", address):
        raise ValueError("give the address of the server alone, such as https://s3.example.net, without a key in it")
    return address


class BucketSection(SettingsModel):
    """A bucket: Amazon S3, R2, MinIO or another server that speaks its protocol."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = Field(
        description="Its name; it must exist."
    )
    endpoint: str | None = Field(default=None, description="The address of the server; default that of Amazon.")
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = Field(
        default="us-east-1", description="As the server calls it; `auto` for R2."
    )
    access_key_env: EnvName | None = Field(default=None, description="The environment variable with the access key.")
    access_key_file: Path | None = Field(
        default=None, description="Or the file that holds it, which is read for each request."
    )
    secret_key_env: EnvName | None = Field(default=None, description="The environment variable with the secret key.")
    secret_key_file: Path | None = Field(
        default=None, description="Or the file that holds it, which is read for each request."
    )

    @field_validator("endpoint")
    @classmethod
    def _plain_endpoint(cls, endpoint: str | None) -> str | None:
        return None if endpoint is None else plain_address(endpoint)

    @model_validator(mode="after")
    def _both_keys(self) -> "BucketSection":
        access = [self.access_key_env, self.access_key_file].count(None)
        secret_ = [self.secret_key_env, self.secret_key_file].count(None)
        if access == 0 or secret_ == 0:
            raise ValueError("a key comes from an environment variable or from a file, not from both")
        if access != secret_:
            raise ValueError("give both the access key and the secret key, or neither")
        return self

    def key_sources(self) -> tuple[tuple[str | None, Path | None], ...]:
        """Where the access key and the secret key come from."""
        return (self.access_key_env, self.access_key_file), (self.secret_key_env, self.secret_key_file)
