"""The order of an export, as its process is given it, and the files that it leaves in its directory."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from bus_schemas.footage import Export
from bus_schemas.limits import clip
from consumers.hub_config import ClickHouseServer, ExportPolicy, HubConfig
from consumers.store.archive.indexed_media import IndexedMedia
from consumers.store.cold.access import cold_reader
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.exports.room import ExportRoom

DIRECTORY: Final = "exports"
PROGRESS: Final = "progress"
RESULT: Final = "result.json"
MANIFEST: Final = "manifest.json"
CHECK: Final = "check_export.py"
_FOLDER = re.compile(r"[A-Za-z0-9_-]{1,128}")


class NotAFolder(ValueError):
    """The id of an export from a journal that may say anything leads out of the folder of all exports."""


def bytes_in(folder: Path) -> int:
    """The size of its files; one that goes meanwhile does not count."""
    total = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def folder_of(data: Path, export_id: str) -> Path:
    """Where the files of an export are. Raises `NotAFolder`."""
    if not _FOLDER.fullmatch(export_id):
        raise NotAFolder(f"the id {clip(export_id, 40)!r} cannot name a folder")
    return data / DIRECTORY / export_id


class CannotExport(RuntimeError):
    """The export cannot be made. The message says why."""


class ExportOrder(BaseModel):
    """The order for the process that makes one export: what to make, where, of which hub, and with how much room."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    data: Path
    site: str
    asked: datetime
    export: Export
    room: ExportRoom = ExportRoom()
    journal: ClickHouseServer | None = None
    cold: ColdStorage | None = None

    @property
    def directory(self) -> Path:
        return folder_of(self.data, self.export.export_id)

    def archive(self) -> IndexedMedia:
        return IndexedMedia(self.data / "archive", cold_reader(self.cold, self.data))

    @property
    def hub(self) -> HubConfig:
        return HubConfig(data=self.data, archive=self.archive, journal=self.journal, cold=self.cold)


@dataclass(frozen=True, slots=True)
class ExportScope:
    """The data directory that exports are made of, and the room and time that they may take."""

    data: Path
    policy: ExportPolicy
    room: ExportRoom = field(default_factory=ExportRoom)
    journal: ClickHouseServer | None = None
    cold: ColdStorage | None = None

    @classmethod
    def of(cls, hub: HubConfig) -> Self:
        return cls(hub.data, hub.exports, ExportRoom.of(hub.retention), hub.journal, hub.cold)

    def order(self, site: str, asked: datetime, export: Export) -> ExportOrder:
        return ExportOrder(
            data=self.data,
            site=site,
            asked=asked,
            export=export,
            room=self.room,
            journal=self.journal,
            cold=self.cold,
        )


class ExportedFile(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class ExportResult(BaseModel):
    """The files that are handed out, the first of them the export itself; or in a sentence why there are none."""

    model_config = ConfigDict(frozen=True)

    files: tuple[ExportedFile, ...] = ()
    incidents: int | None = None
    detail: str | None = None
    failure: str | None = None

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)
