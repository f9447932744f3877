"""What the gateway keeps of agents: their codes, their users at the broker, and the key that signs configurations."""

import asyncio
import math
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import structlog

from consumers.ingest.registry import ConfiguredSite
from consumers.views.agents import AgentVersion, IsSigned, signed_text
from gateway.agents.accounts import Accounts
from gateway.agents.codes import INVALID, Code, CodeInvalid, Codes
from gateway.agents.signing import KeyUnreadable, SigningKey
from gateway.http.guess_limit import Tries
from gateway.http.problems import RETRY, Problem
from producer.locks import LockHeld

MOST_VERIFIED = 10_000

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")

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
    in it. Without a `host` the broker is where the hub is. `of_the_hub` are the devices in the file of the hub, as
    `SITE/DEVICE`, which no enrolled agent may have.
    """

    accounts: Path
    port: int
    check: Callable[[str, str], CheckedConfiguration]
    host: str | None = None
    ca_file: Path | None = None
    code_lasts: timedelta = timedelta(minutes=15)
    of_the_hub: frozenset[str] = frozenset()
    require_authority: Callable[[], object] = lambda: None
    """Raises `ValueError` with a sentence where agents cannot be sure of the broker."""


@dataclass(frozen=True)
class AgentService:
    """Used by the event loop; its files are small, and one that is damaged costs enrolment alone."""

    settings: AgentsSettings
    codes: Codes
    accounts: Accounts
    key: SigningKey
    tries: Tries = field(default_factory=lambda: Tries(per_minute=None))
    """By address alone: a code of 60 bits is not guessed in its minutes, and a wrong one costs a look into a file."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from the look whether a device is free until somebody has it."""
    clock: Callable[[], float] = monotonic
    _verified: dict[str, bool] = field(default_factory=dict)
    """By the event that said the version."""

    @classmethod
    def of(cls, settings: AgentsSettings, data: Path) -> "AgentService":
        folder = data / "agents"
        return cls(settings, Codes(folder), Accounts(settings.accounts), SigningKey(folder))

    def ca(self) -> str | None:
        """The certificates alone: a file may hold words in any encoding beside them, or a key. Raises `OSError`, and
        `ValueError` where there is none.
        """
        file = self.settings.ca_file
        if file is None:
            return None
        if not (found := _CERTIFICATE.findall(file.read_bytes())):
            raise ValueError(f"{file} holds no certificate")
        return b"\n".join((*found, b"")).decode("ascii")

    def find_code(self, code: str, address: str, now: datetime) -> Code:
        """Raises `Problem` where the code is not valid, and where an address has tried too often."""
        since = self.clock()
        wait = math.ceil(self.tries.wait_s(address, since))
        if wait:
            raise Problem(429, f"too many wrong codes: try again in {wait} s", headers={"Retry-After": str(wait)})
        try:
            found = self.codes.find(code, now)
        except CodeInvalid as invalid:
            self.tries.failed(address, code, since)
            _log.warning("wrong one-time code", address=address)
            raise _not_valid(invalid) from invalid
        self.tries.succeeded(address)
        return found

    def signed_in(self, view: sqlite3.Connection) -> IsSigned | None:
        """Whether this hub has signed a version, of which each is read once; `None` where that cannot be known."""
        try:
            self.key.load()
        except KeyUnreadable:
            return None

        def is_signed(version: AgentVersion) -> bool:
            known = self._verified.get(version.event_id)
            if known is None:
                known = self.key.has_signed(version.node, version.version, *signed_text(view, version))
                if len(self._verified) >= MOST_VERIFIED:
                    self._verified.clear()
                self._verified[version.event_id] = known
            return known

        return is_signed

    @contextmanager
    def files(self) -> Iterator[None]:
        """A problem with a sentence where one of the files cannot be used."""
        try:
            yield
        except (KeyUnreadable, LockHeld, ValueError) as error:
            raise Problem(503, f"agents cannot be enrolled or configured now: {error}", headers=RETRY) from error
        except OSError as error:
            why = f"{error.filename or self.settings.accounts} cannot be used: {error.strerror}"
            raise Problem(503, f"agents cannot be enrolled or configured now: {why}", headers=RETRY) from error


def code_was_used() -> Problem:
    return _not_valid(CodeInvalid(INVALID))


def _not_valid(error: CodeInvalid) -> Problem:
    return Problem(403, f"{error}; make a new one on the page of agents")
