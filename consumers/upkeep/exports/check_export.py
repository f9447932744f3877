"""Checks an exported recording: run it in the folder into which the ZIP was unpacked, or with the ZIP as its argument.

It needs Python alone. It says for each file of the manifest whether it is there and has the SHA-256 that the manifest
states, and for each original segment whether it is as it was recorded. It ends with 1 where anything differs.
"""

import hashlib
import json
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

UNREADABLE = (OSError, EOFError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
"""The errors of a file that is damaged, and of a ZIP that is."""


class UnpackedExport:
    """The files of an export that was unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, name: str) -> BinaryIO:
        return (self._path / name).open("rb")


class ZippedExport:
    """The files of an export as it came."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def open(self, name: str) -> Any:
        return self._zip.open(name)


def digest(files: Any, name: str) -> tuple[int, str]:
    found, size = hashlib.sha256(), 0
    with files.open(name) as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
            size += len(chunk)
    return size, found.hexdigest()


def difference(files: Any, name: str, size: int, sha256: str) -> str | None:
    """The reason that a file is damaged, as the rest of a sentence."""
    if name.startswith("/") or ".." in Path(name).parts:
        return "has a name that leads out of the export"
    try:
        found_size, found = digest(files, name)
    except (FileNotFoundError, KeyError):
        return "is missing"
    except UNREADABLE as error:
        return f"cannot be read: {error}"
    if found_size != size:
        return f"has {found_size} bytes; the manifest states {size}"
    return None if found == sha256 else f"has the SHA-256 {found}; the manifest states {sha256}"


def main(argument: str) -> int:
    path = Path(argument)
    try:
        files: Any = ZippedExport(path) if path.is_file() else UnpackedExport(path)
        with files.open("manifest.json") as file:
            manifest = json.load(file)
    except UNREADABLE as error:
        sys.stdout.write(f"{path} cannot be checked, because its manifest cannot be read: {error}\n")
        return 1
    wrong = checked = 0
    expected = [(one["name"], one["size"], one["sha256"]) for one in manifest["files"]]
    for name, size, sha256 in expected:
        problem = difference(files, name, size, sha256)
        checked += 1
        wrong += problem is not None
        sys.stdout.write(f"{name} {problem or 'is as the manifest states'}\n")
    originals = 0
    recorded = {one["sha256"] for device in manifest["devices"] for one in device["segments"]}
    for name, _, sha256 in expected:
        if name.startswith("originals/"):
            originals += 1
            if sha256 not in recorded:
                wrong += 1
                sys.stdout.write(f"{name} is none of the segments that were recorded\n")
    sys.stdout.write(
        f"{checked} files, {originals} of them original segments: {wrong or 'nothing'} wrong.\n"
        f"Made for {manifest['asked_by']}, of {manifest['site_name']}, {manifest['from']} to {manifest['to']}.\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
