"""Puts the files of an export into one ZIP, with its manifest and the script that checks it, and hashes them."""

import json
import os
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import IO, Any, Final

from consumers.upkeep.exports import check_export
from consumers.upkeep.exports.order import CHECK, MANIFEST, ExportedFile

CHUNK: Final = 1 << 20


def described(path: Path, name: str | None = None) -> ExportedFile:
    """The size and the SHA-256 of a file, which is on the disk then: an event will say that it is there."""
    with path.open("rb", buffering=0) as file:
        os.fsync(file.fileno())
        return _copied(name or path.name, file, None)


def write_check(folder: Path) -> Path:
    path = folder / CHECK
    path.write_bytes(check_script())
    return path


def check_script() -> bytes:
    return Path(check_export.__file__).read_bytes()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> Path:
    path = folder / MANIFEST
    path.write_text(_json(manifest), encoding="utf-8")
    return path


class ExportZip:
    """A ZIP that is being written; what is in it is not compressed, for video does not get smaller."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self.files: list[ExportedFile] = []

    def move(self, paths: Iterable[Path]) -> None:
        """Each file leaves its folder, so that what it takes of the disk is taken once."""
        for path in paths:
            with path.open("rb", buffering=0) as source, self._zip.open(path.name, "w", force_zip64=True) as target:
                self.files.append(_copied(path.name, source, target))
            path.unlink()

    def add(self, name: str, content: bytes) -> None:
        self._zip.writestr(name, content)
        self.files.append(ExportedFile(name=name, size=len(content), sha256=sha256(content).hexdigest()))

    def close(self, manifest: dict[str, Any]) -> None:
        """With the script, which checks itself no better than others would, and the manifest last."""
        self._zip.writestr(CHECK, check_script())
        self._zip.writestr(MANIFEST, _json(manifest))
        self._zip.close()


def _copied(name: str, source: FileIO, target: IO[bytes] | None) -> ExportedFile:
    """Through one buffer: for each new one of this size the system would have to find memory."""
    digest, size, buffer = sha256(), 0, memoryview(bytearray(CHUNK))
    while count := source.readinto(buffer):
        digest.update(buffer[:count])
        size += count
        if target is not None:
            target.write(buffer[:count])
    return ExportedFile(name=name, size=size, sha256=digest.hexdigest())


def _json(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False)
