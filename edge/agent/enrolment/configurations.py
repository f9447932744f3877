"""Keeps the configuration in force and the one on trial: an agent that does not come up returns to the first."""

from pathlib import Path
from typing import Final, Self

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bus_schemas.enrolment import SignedConfiguration
from edge.agent.enrolment.identity import FOLDER, why_unreadable
from edge.agent.enrolment.kept_twice import read_twice, write_twice

MOST_STARTS: Final = 2
"""How often an agent may start with a configuration that has not come up yet: a power cut is no fault of it."""
ENDED_TWICE: Final = f"the agent ended {MOST_STARTS} times before it had come up"

log = structlog.get_logger(__name__)


class Refusal(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: int
    reason: str


class StoredConfigurations(BaseModel):
    """`starts` counts those with the trial."""

    model_config = ConfigDict(frozen=True)

    in_force: SignedConfiguration
    trial: SignedConfiguration | None = None
    starts: int = 0
    refusal: Refusal | None = None


class ConfigurationsUnreadable(ValueError):
    """The file of the configurations is damaged; the message says what to do."""


class ConfigurationStore:
    """Writing raises `OSError`."""

    def __init__(self, data: Path, stored: StoredConfigurations) -> None:
        self._path = data / FOLDER / "configurations.json"
        self._stored = stored

    @classmethod
    def load(cls, data: Path) -> Self:
        """Raises `ConfigurationsUnreadable`."""
        path = data / FOLDER / "configurations.json"
        try:
            return cls(data, read_twice(path, StoredConfigurations.model_validate_json))
        except (OSError, ValidationError) as error:
            raise ConfigurationsUnreadable(why_unreadable(path, error)) from error

    @classmethod
    def begin_with(cls, data: Path, configuration: SignedConfiguration) -> None:
        store = cls(data, StoredConfigurations(in_force=configuration))
        store._save(store._stored)

    @property
    def in_force(self) -> SignedConfiguration:
        return self._stored.in_force

    @property
    def trial(self) -> SignedConfiguration | None:
        return self._stored.trial

    @property
    def refusal(self) -> Refusal | None:
        """The newest configuration that did not come up, if it is newer than the one in force."""
        refusal = self._stored.refusal
        return refusal if refusal is not None and refusal.version > self.in_force.version else None

    def start(self) -> SignedConfiguration:
        """The configuration to start with: the one on trial, unless it has ended the agent too often."""
        trial = self._stored.trial
        if trial is None:
            return self.in_force
        if self._stored.starts >= MOST_STARTS:
            self.refuse(trial.version, ENDED_TWICE)
            return self.in_force
        self._save(self._stored.model_copy(update={"starts": self._stored.starts + 1}))
        return trial

    def try_out(self, configuration: SignedConfiguration) -> None:
        self._save(self._stored.model_copy(update={"trial": configuration, "starts": 0}))

    def confirm(self) -> None:
        trial = self._stored.trial
        assert trial is not None, "only a trial is confirmed"
        self._save(StoredConfigurations(in_force=trial))

    def refuse(self, version: int, reason: str) -> None:
        log.error("configuration refused", version=version, reason=reason)
        refusal = Refusal(version=version, reason=reason)
        trial = self._stored.trial
        kept = trial if trial is not None and trial.version != version else None
        self._save(self._stored.model_copy(update={"trial": kept, "starts": 0, "refusal": refusal}))

    def _save(self, stored: StoredConfigurations) -> None:
        write_twice(self._path, stored.model_dump_json(indent=1).encode())
        self._stored = stored
