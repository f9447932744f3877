"""What the gateway is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`token` None is allowed on loopback only."""

    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = None
    version: str = "0.1.0"
    reader_threads: int = 4
    page: Path | None = None
    """Where the built page is; default beside this package."""
    trial_command: tuple[str, ...] = ()
    """What runs a trial, with `--data`, the directory and the trial's id after it; without one none is run."""
    trial_environment: Mapping[str, str] | None = field(default=None, repr=False)
    """What that process is given of the environment; default all of it."""
