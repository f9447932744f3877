"""Settings that people have changed, kept in a file of the node over its restarts."""

import os
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.adjustable import Adjustable

log = structlog.get_logger(__name__)


class KeptSettings(BaseModel):
    """By source: what people have set, and what the configuration said when the node last told of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    changed: dict[str, Adjustable] = Field(default_factory=dict)
    told: dict[str, Adjustable] = Field(default_factory=dict)


class SettingsFile:
    """Replaced as a whole, so that a power cut leaves the old or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = self._load()

    def current(self, source: str, configured: Adjustable) -> Adjustable:
        return self._kept.changed.get(source, configured)

    def told(self, source: str) -> Adjustable | None:
        return self._kept.told.get(source)

    def keep(self, source: str, adjustable: Adjustable) -> None:
        self._save(KeptSettings(changed=self._kept.changed | {source: adjustable}, told=self._kept.told))

    def tell(self, source: str, adjustable: Adjustable) -> None:
        self._save(KeptSettings(changed=self._kept.changed, told=self._kept.told | {source: adjustable}))

    def _load(self) -> KeptSettings:
        if not self._path.exists():
            return KeptSettings()
        try:
            return KeptSettings.model_validate_json(self._path.read_bytes())
        except ValidationError as error:
            # Of an older version perhaps: the configuration still holds, and the file is kept for whoever looks.
            aside = self._path.with_suffix(".unreadable")
            self._path.replace(aside)
            log.error("settings unreadable", moved_to=aside.name, reason=str(error.error_count()))
            return KeptSettings()

    def _save(self, kept: KeptSettings) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(kept.model_dump_json(indent=2).encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        self._kept = kept
