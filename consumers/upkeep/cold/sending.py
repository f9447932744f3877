"""Uploads one object so that a crash at any moment costs a part at most, then reads it back and compares it."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event as Flag
from typing import Final, Protocol

from consumers.store.archive.copies import PackRange, Upload
from consumers.store.cold.bucket import Bucket, NoSuchObject, NoSuchUpload, TooLarge
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.rounds import Halted, RoundFailed

PART_BYTES: Final = 8 << 20
"""S3 takes no part below 5 MiB but the last, and 10,000 parts at most."""
HASH_BYTES: Final = 1 << 20


class NotAsWritten(RoundFailed, RuntimeError):
    """The object that was read back differs from what was written. It is deleted, and sent again."""


class Content(Protocol):
    """The bytes of an object, which are read in parts while it is sent."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, length: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class FileContent:
    """A range of a file, and what follows it."""

    path: Path
    first: int
    last: int
    footer: bytes = b""

    @property
    def size(self) -> int:
        return self.last - self.first + len(self.footer)

    def read(self, start: int, length: int) -> bytes:
        """Raises `FileNotFoundError` where the file was dropped meanwhile."""
        body = self.last - self.first
        found = b""
        if start < body:
            with self.path.open("rb", buffering=0) as file:
                file.seek(self.first + start)
                found = file.read(min(length, body - start))
            if len(found) < min(length, body - start):
                raise FileNotFoundError(f"{self.path} is shorter than it was")
        after = start + len(found) - body
        return found + self.footer[after : after + length - len(found)] if after >= 0 else found


def digest_of(content: Content) -> str:
    found = sha256()
    for start in range(0, content.size, HASH_BYTES):
        found.update(content.read(start, HASH_BYTES))
    return found.hexdigest()


class ObjectSender:
    """For use from any thread."""

    def __init__(self, bucket: Bucket, book: CopyBook, halted: Flag, part_bytes: int = PART_BYTES) -> None:
        self._part_bytes = part_bytes
        self._bucket = bucket
        self._book = book
        self._halted = halted

    def send(self, name: str, content: Content, wanted: PackRange, digest: str) -> None:
        """On return the object is there and has these bytes. Raises `Halted`, `NotAsWritten` or `OutOfReach`."""
        begun = self._book.begin(name, wanted)
        if self._bucket.size(name) != content.size:
            try:
                self._upload(begun, content)
            except NoSuchUpload:
                # The server has forgotten what it had of it.
                self._book.checkpoint(name, None, ())
                self._upload(Upload(name, wanted.pack, wanted.first, wanted.last, None, ()), content)
        if self._read_back(name, content.size) != digest:
            self._book.give_up(name)
            raise NotAsWritten(f"{name} was read back with other bytes than were written")

    def _upload(self, begun: Upload, content: Content) -> None:
        self._check()
        if content.size <= self._part_bytes:
            self._bucket.put(begun.object, content.read(0, content.size))
            return
        upload_id, etags = begun.upload_id, list(begun.etags)
        if upload_id is None:
            upload_id = self._bucket.begin_upload(begun.object)
            self._book.checkpoint(begun.object, upload_id, etags)
        for number in range(len(etags), -(-content.size // self._part_bytes)):
            self._check()
            part = content.read(number * self._part_bytes, self._part_bytes)
            etags.append(self._bucket.put_part(begun.object, upload_id, number + 1, part))
            self._book.checkpoint(begun.object, upload_id, etags)
        self._bucket.complete_upload(begun.object, upload_id, etags)

    def _read_back(self, name: str, size: int) -> str | None:
        try:
            return _digest(self._checked(self._bucket.stream(name, size)))
        except (NoSuchObject, TooLarge):
            return None

    def _checked(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        for chunk in chunks:
            self._check()
            yield chunk

    def _check(self) -> None:
        if self._halted.is_set():
            raise Halted


def _digest(chunks: Iterable[bytes]) -> str:
    found = sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()
