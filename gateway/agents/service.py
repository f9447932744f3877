"""What the gateway keeps of agents: their codes, their users at the broker, and the key that signs configurations."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import structlog

from consumers.ingest.registry import ConfiguredSite
from gateway.agents.accounts import Accounts
from gateway.agents.codes import Code, CodeInvalid, Codes
from gateway.agents.signing import SigningKey
from gateway.http.guess_limit import Tries
from gateway.http.problems import Problem

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CheckedConfiguration:
    """The configuration of an agent as JSON text, and the sites with the devices that it names."""

    text: str
    sites: tuple[ConfiguredSite, ...]

    @property
    def devices(self) -> tuple[str, ...]:
        return tuple(f"{site.site}/{device.device}" for site in self.sites for device in site.devices)


@dataclass(frozen=True, slots=True)
class AgentsSettings:
    """Where agents find the broker, and where its users are kept.

    `check` reads a configuration, as YAML or JSON, and raises `ValueError` with a sentence for each thing that is wrong
    in it. Without a `host` the broker is where the hub is.
    """

    accounts: Path
    port: int
    check: Callable[[str, str], CheckedConfiguration]
    host: str | None = None
    ca_file: Path | None = None
    code_lasts: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class AgentService:
    """Used by the event loop; its files are small."""

    settings: AgentsSettings
    codes: Codes
    accounts: Accounts
    key: SigningKey
    tries: Tries = field(default_factory=Tries)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from the look whether a device is free until somebody has it."""
    clock: Callable[[], float] = monotonic

    @classmethod
    def of(cls, settings: AgentsSettings, data: Path) -> "AgentService":
        folder = data / "agents"
        return cls(settings, Codes(folder), Accounts(settings.accounts), SigningKey(folder))

    def ca(self) -> str | None:
        """Raises `OSError`."""
        return None if self.settings.ca_file is None else self.settings.ca_file.read_text(encoding="ascii")

    def use_code(self, code: str, address: str, now: datetime) -> Code:
        """Raises `Problem` where the code is not valid, and where an address has tried too often."""
        since = self.clock()
        wait = math.ceil(self.tries.wait_s(address, since))
        if wait:
            raise Problem(429, f"too many wrong codes: try again in {wait} s", headers={"Retry-After": str(wait)})
        try:
            found = self.codes.use(code, now)
        except CodeInvalid as invalid:
            self.tries.failed(address, code, since)
            _log.warning("wrong one-time code", address=address)
            raise Problem(403, f"{invalid}; make a new one on the page of agents") from invalid
        self.tries.succeeded(address)
        return found
