"""Media for an archive, and where they are in it."""

from datetime import UTC, datetime
from pathlib import Path

from bus_schemas.media_codec import describe
from consumers.store.archive.disk import Medium

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


def medium(name: str, time: datetime = START, body: bytes = b"", kind: str = "capture", device: str = "yard") -> Medium:
    body = body or f"the bytes of {name}".encode()
    return describe(f"DEMO/{device}/{kind}/{name}", body), time, body


def key(name: str, kind: str = "capture") -> str:
    return f"DEMO/yard/{kind}/{name}"


def pack(directory: Path) -> Path:
    return directory / "DEMO/yard/capture/2026-01-05/1000.pack"


def lose_index(directory: Path) -> None:
    for file in directory.glob("index.sqlite*"):
        file.unlink()
