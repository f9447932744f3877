"""The order of an export, as its process is given it, and the files that it leaves in its directory."""

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from bus_schemas.footage import Export
from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.archive.reader import IndexedMedia
from consumers.store.cold.access import cold_reader
from consumers.store.cold.settings import ColdStorage

DIRECTORY: Final = "exports"
PROGRESS: Final = "progress"
RESULT: Final = "result.json"
MANIFEST: Final = "manifest.json"
CHECK: Final = "check_export.py"


class ExportOrder(BaseModel):
    """What to make, where, and of which hub. `fill_percent` is the use of the disk that it must not exceed."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    data: Path
    site: str
    asked: datetime
    export: Export
    fill_percent: float = 100.0
    journal: ClickHouseServer | None = None
    cold: ColdStorage | None = None

    @property
    def directory(self) -> Path:
        return self.data / DIRECTORY / self.export.export_id

    @property
    def hub(self) -> HubConfig:
        cold, archive = self.cold, self.data / "archive"
        return HubConfig(
            data=self.data,
            archive=lambda: IndexedMedia(archive, cold_reader(cold, self.data)),
            journal=self.journal,
            cold=cold,
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
    detail: str | None = None
    failure: str | None = None
