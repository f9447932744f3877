"""The process that checks all media and takes lost ones out of the views; its order comes on standard input."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from consumers.engine.findings import Findings
from consumers.engine.view_files import NoView
from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.archive.copies import OutOfReach
from consumers.store.archive.indexed_media import IndexedMedia
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.configured import journal_of
from consumers.store.journal.store import JournalAway
from consumers.upkeep.verify.media import check_media
from consumers.upkeep.verify.repair import RepairReport, repair_media
from producer.ids import utc_now

NICENESS: Final = 10
FAULTS_NAMED: Final = 5
LOOK_S: Final = 1.0


class MediaCheckOrder(BaseModel):
    """The hub whose media are to be checked, and the file for the result."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    data: Path
    result: Path
    journal: ClickHouseServer | None = None
    cold: ColdStorage | None = None

    @property
    def hub(self) -> HubConfig:
        archive = self.data / "archive"
        return HubConfig(self.data, lambda: IndexedMedia(archive), journal=self.journal, cold=self.cold)


@dataclass(frozen=True, slots=True)
class MediaCheckScope:
    """What is checked, and the time between two checks; `None` for never."""

    data: Path
    every: timedelta | None = None
    journal: ClickHouseServer | None = None
    cold: ColdStorage | None = None

    @classmethod
    def of(cls, hub: HubConfig) -> Self:
        return cls(hub.data, hub.media_check, hub.journal, hub.cold)

    def order(self, result: Path) -> MediaCheckOrder:
        return MediaCheckOrder(data=self.data, result=result, journal=self.journal, cold=self.cold)


class MediaCheck(BaseModel):
    """The result. `repaired` media were lost and are reported as deleted, `left` ones are lost and are not."""

    model_config = ConfigDict(frozen=True)

    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """The first of them."""
    count: int = 0
    """The number of faults that are left."""
    uncompared: tuple[str, ...] = ()
    repaired: int = 0
    left: int = 0
    sent_again: int = 0
    failure: str | None = None

    @property
    def is_clean(self) -> bool:
        return self.failure is None and self.count == 0 and not self.uncompared

    def sentence(self) -> str:
        if self.failure is not None:
            return self.failure
        parts = [*self.notes]
        if self.sent_again:
            parts.append(f"{self.sent_again:,} objects that the bucket lacks are copied again")
        if self.repaired:
            parts.append(f"{self.repaired:,} lost media are reported as deleted")
        if self.count:
            parts.append(f"{self.count:,} faults, such as: {self.faults[0]}")
        parts += [f"not compared: {what}" for what in self.uncompared]
        return "; ".join(parts)


def check_and_repair(hub: HubConfig) -> MediaCheck:
    found = check_media(journal_of(hub), hub.data / "archive", hub.cold)
    repaired = RepairReport(0, 0)
    try:
        if found.count:
            repaired = repair_media(hub, utc_now())
    except (NoView, OutOfReach) as error:
        found.not_compared(str(error))
    return media_check(found, repaired)


def media_check(found: Findings, repaired: RepairReport) -> MediaCheck:
    return MediaCheck(
        notes=tuple(found.notes),
        faults=tuple(found.faults[:FAULTS_NAMED]),
        count=max(0, found.count - repaired.repaired - repaired.sent_again),
        uncompared=tuple(found.uncompared),
        repaired=repaired.repaired,
        left=repaired.left,
        sent_again=repaired.sent_again,
    )


def main(read: Callable[[], str] = sys.stdin.read) -> None:
    # The process that started this one blocks signals, so that one thread waits for them.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.nice(NICENESS)
    order = MediaCheckOrder.model_validate_json(read())
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        result = check_and_repair(order.hub)
    except JournalAway as away:
        result = MediaCheck(failure=str(away))
    draft = order.result.with_suffix(".draft")
    draft.write_text(result.model_dump_json(), encoding="utf-8")
    draft.replace(order.result)


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


if __name__ == "__main__":
    main()
