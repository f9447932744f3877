"""The settings of the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.agents.service import AgentsSettings
from gateway.serving.thermal_pictures import OpenDrawing


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of one connection, of one address and of all together."""

    connections: int = 500
    connections_per_address: int = 100
    streams: int = 200
    head_bytes: int = 65_536
    headers: int = 100
    url_bytes: int = 8_192
    body_bytes: int = 1_100_000
    """More than any operation takes: those answer with a sentence of their own."""
    head_s: float = 10.0
    body_s: float = 30.0
    stalled_s: float = 30.0
    """How long a client may take nothing of an answer."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`token` None is allowed on loopback only."""

    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = None
    version: str = ""
    """The version of the product, which the answers name."""
    reader_threads: int = 4
    page: Path | None = None
    """Where the built page is; default beside this package."""
    trial_command: tuple[str, ...] = ()
    """The command that runs a trial; `--data`, the directory and the trial's id follow it. Without one none is run."""
    public_url: str | None = None
    """The origin that browsers know, where a reverse proxy has a name of its own."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    limits: ConnectionLimits = ConnectionLimits()
    agents: AgentsSettings | None = None
    """How agents of other machines are enrolled; none are without."""
    trial_environment: Mapping[str, str] | None = field(default=None, repr=False)
    """The environment of that process; default all of it."""
    open_drawing: OpenDrawing | None = field(default=None, repr=False)
    """Loads what draws thermal pictures of the past; without it none is drawn."""
