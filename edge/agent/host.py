"""The resources that the machine of an agent gives it."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from bus_schemas.limits import clip
from edge.agent.enrolment.remote import RemoteConfiguration
from edge.agent.settings_store import StoredSettings
from edge.agent.watchdog import Watchdog
from producer.ids import Clock
from producer.outbox.handoff import OutboxFailed, OutboxStuck
from producer.outbox.tables import Item

log = structlog.get_logger(__name__)

DISK_FAILS_AFTER: Final = 2
"""Times that an agent fails by its disk before it does without."""


@dataclass(slots=True)
class Host:
    """`wall` is the clock of the machine, `environ` that of the process; `remote` takes configurations of a hub
    where one has enrolled the machine.
    """

    wall: Clock
    environ: Mapping[str, str]
    watchdog: Watchdog
    remote: RemoteConfiguration | None = None
    disk_failures: list[str] = field(default_factory=list)
    unsaved: list[Item] = field(default_factory=list)
    """What the outbox on the disk could not commit, for the one in memory."""
    settings: list[StoredSettings] = field(default_factory=list)
    """Those of the agent before, for one that cannot read them any more."""

    def failed(self, error: Exception) -> None:
        """The agent has failed, perhaps by a disk that takes small files and not the outbox."""
        if isinstance(error, sqlite3.Error | OutboxFailed):
            times = DISK_FAILS_AFTER if isinstance(error, OutboxStuck) else 1
            self.disk_failures += [clip(str(error))] * times

    @property
    def disk_failure(self) -> str | None:
        """Why the disk is used no more, where it has failed too often."""
        return self.disk_failures[-1] if len(self.disk_failures) >= DISK_FAILS_AFTER else None

    def disk_is_back(self) -> None:
        """It takes what is written to it again."""
        log.info("the disk can be written again")
        self.disk_failures.clear()
