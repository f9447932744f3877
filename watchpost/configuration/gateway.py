"""The section `gateway`: where it listens, authentication and limits."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from edge.agent.source_settings import EnvName, SettingsModel
from producer.loopback import is_loopback
from watchpost.configuration.host import Host

Port = Annotated[int, Field(ge=0, le=65535)]


class BrokerLogin(SettingsModel):
    """A user of the broker."""

    username: str = Field(description="As in the broker's password file.")
    password_env: EnvName | None = Field(default=None, description="The environment variable that holds the password.")
    password_file: Path | None = Field(
        default=None, description="Or the file that holds it, which is read for each connection."
    )


class GatewaySection(SettingsModel):
    """HTTP for programs and people."""

    host: Host = Field(default="127.0.0.1", description="The address to listen on; beyond loopback a token is needed.")
    port: Port = Field(default=8080, description="0 takes a free one.")
    token_env: EnvName | None = Field(default=None, description="The environment variable that holds the token.")
    token_file: Path | None = Field(default=None, description="Or the file that holds it.")

    broker: BrokerLogin | None = Field(
        default=None,
        description="The user of the gateway at the broker; default that of `broker`. "
        "The access list of `mosquitto/acl` has a user of its own for it.",
    )
    public_url: str | None = Field(
        default=None,
        description="The address that browsers know, as https://hub.example, where a reverse proxy has its own name.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1", "::1"),
        description="Addresses and networks of reverse proxies, whose X-Forwarded-For and -Proto count.",
    )
    connections: Annotated[int, Field(ge=10, le=10_000)] = Field(
        default=500, description="At once, in all; a tenth of them is for this machine and trusted proxies alone."
    )
    connections_per_address: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=100,
        description="At once, from one address, or /64 of IPv6; this machine and trusted proxies have no such limit.",
    )
    streams: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=200, description="Live streams at once, of events and of pictures."
    )

    @field_validator("public_url")
    @classmethod
    def _origin(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^/\s?#@]+/?", url):
            raise ValueError(f"'{url}' is no address of a site: https://, a name, perhaps a port, and nothing else")
        return url if url is None else url.rstrip("/").lower()

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"'{proxy}' is no address and no network") from error
        return proxies

    @model_validator(mode="after")
    def _needs_a_token_beyond_loopback(self) -> "GatewaySection":
        if not is_loopback(self.host) and self.token_env is None and self.token_file is None:
            raise ValueError(f"'{self.host}' is open to other machines; give token_env or token_file, or use 127.0.0.1")
        return self
