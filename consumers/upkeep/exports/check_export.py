"""Checks an exported recording: run it in the folder into which the ZIP was unpacked, or with the ZIP as its argument.

It needs Python alone. It says for each file of the manifest whether it is there and has the SHA-256 that the manifest
states, for each original segment whether it is as it was recorded, and which files the manifest does not name. It ends
with 1 where anything differs.
"""

import hashlib
import json
import sys
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO, NamedTuple

UNREADABLE = (OSError, EOFError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
"""The errors of a file that is damaged, and of a ZIP that is."""


UNNAMED = {"manifest.json", "check_export.py"}
"""The files of an export that its manifest does not name."""
MOST_NAMED = 20


class NotAnExport(ValueError):
    """What calls itself a manifest is none."""


class StatedExport(NamedTuple):
    """The part of it that is checked: the files, and the SHA-256 of all segments that were recorded."""

    files: "list[tuple[str, int, str]]"
    recorded: "set[str]"
    origin: str


class UnpackedExport:
    """The files of an export that was unpacked. Others may lie beside them."""

    may_have_others = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, name: str) -> BinaryIO:
        return (self._path / name).open("rb")

    def names(self) -> "list[str]":
        there = [*self._path.iterdir(), *(self._path / "originals").rglob("*")]
        return [each.relative_to(self._path).as_posix() for each in there if each.is_file()]


class ZippedExport:
    """The files of an export as it came."""

    may_have_others = False

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def open(self, name: str) -> Any:
        return self._zip.open(name)

    def names(self) -> "list[str]":
        return [each.filename for each in self._zip.infolist() if not each.is_dir()]


def say(words: str) -> None:
    """A console may know few letters; and no name may look like a line of ours."""
    line = "".join(each if each.isprintable() else "?" for each in words)
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def read_manifest(files: Any) -> StatedExport:
    """Raises one of `UNREADABLE`."""
    with files.open("manifest.json") as file:
        found = json.load(file)
    try:
        described = [(str(one["name"]), int(one["size"]), str(one["sha256"])) for one in found["files"]]
        recorded = {str(one["sha256"]) for device in found["devices"] for one in device["segments"]}
        origin = f"Made for {found['asked_by']}, of {found['site_name']}, {found['from']} to {found['to']}."
    except (LookupError, TypeError, ValueError) as error:
        raise NotAnExport("it is none of an export") from error
    if not described:
        raise NotAnExport("it names no file")
    return StatedExport(described, recorded, origin)


def digest(files: Any, name: str) -> tuple[int, str]:
    found, size = hashlib.sha256(), 0
    with files.open(name) as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
            size += len(chunk)
    return size, found.hexdigest()


def difference(files: Any, name: str, size: int, sha256: str) -> str | None:
    """The reason that a file is damaged, as the rest of a sentence."""
    if any(place.is_absolute() or place.drive or ".." in place.parts for place in (Path(name), PureWindowsPath(name))):
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


def unnamed(files: Any, manifest: StatedExport) -> "list[str]":
    """What there is beside what the manifest names: of two files of one name, one program takes the other than another
    one does.
    """
    counted = Counter(files.names())
    wanted = {name for name, _, _ in manifest.files} | UNNAMED
    others = [f"{name} is not named by the manifest" for name in sorted(counted.keys() - wanted)]
    return others + [f"{name} is there {count} times" for name, count in sorted(counted.items()) if count > 1]


def main(argument: str) -> int:
    path = Path(argument)
    try:
        files: Any = ZippedExport(path) if path.is_file() else UnpackedExport(path)
        manifest = read_manifest(files)
        others = unnamed(files, manifest)
    except UNREADABLE as error:
        say(f"{path} cannot be checked, because its manifest cannot be read: {error}")
        return 1
    wrong = originals = 0
    for name, size, sha256 in manifest.files:
        problem = difference(files, name, size, sha256)
        wrong += problem is not None
        say(f"{name} {problem or 'is as the manifest states'}")
        if name.startswith("originals/"):
            originals += 1
            if sha256 not in manifest.recorded:
                wrong += 1
                say(f"{name} is none of the segments that were recorded")
    for words in others[:MOST_NAMED]:
        say(words)
    if len(others) > MOST_NAMED:
        say(f"{len(others) - MOST_NAMED} more are not named by the manifest")
    wrong += 0 if files.may_have_others else len(others)
    say(f"{len(manifest.files)} files, {originals} of them original segments: {wrong or 'nothing'} wrong.")
    say(manifest.origin)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
