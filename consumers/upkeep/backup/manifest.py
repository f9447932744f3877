"""The manifest of a backup."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bus_schemas.complaints import summary
from consumers.upkeep.backup.files import DRAFT
from producer.whole_file import write_whole

NAME = "backup.json"
OTHER_FOLDERS = ("agent", "agents", "enrolment", "trials")
"""Beside the journal and the media."""


class NoBackup(LookupError):
    """The directory holds no backup that was completed."""


class Manifest(BaseModel):
    """Written last: a directory without it holds a backup that was interrupted, and the next one completes it."""

    model_config = ConfigDict(frozen=True)

    version: str
    taken: datetime
    head: int | None
    """The last position of the journal in it; `None` where the journal is on a server."""
    files: int
    bytes: int
    others: tuple[str, ...] | None = None
    """The files of `OTHER_FOLDERS` in it. `None` in a backup of an older release: all that are there."""

    def holds(self, name: Path) -> bool:
        """Whether a file of the directory is of this backup, and not one that was gone or half copied by then."""
        if name.name == NAME or name.name.endswith(DRAFT):
            return False
        return self.others is None or name.parts[0] not in OTHER_FOLDERS or name.as_posix() in self.others

    def write(self, directory: Path) -> None:
        write_whole(directory / NAME, f"{self.model_dump_json(indent=2)}\n".encode())


def read_manifest(directory: Path) -> Manifest:
    """Raises `NoBackup`."""
    try:
        return Manifest.model_validate_json((directory / NAME).read_bytes())
    except FileNotFoundError:
        raise NoBackup(f"{directory} holds no backup, or one that was interrupted: there is no {NAME}") from None
    except OSError as error:
        raise NoBackup(f"{directory / NAME} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise NoBackup(f"{directory / NAME} is damaged: {summary(error)}") from error
