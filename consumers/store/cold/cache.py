"""A bounded cache on disk of blocks of objects, shared by the processes of the hub."""

import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

FULL_SHARE: Final = 0.9
"""The share of a full cache that stays: the blocks that were used last."""
SCANS: Final = 64
"""The files are listed each time that such a part of the cache was written."""


class BlockCache:
    """Losing any of it costs a request to the bucket, and a full disk only that nothing new is kept."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._unseen = max_bytes
        """Bytes that were written since the files were listed last."""

    def get(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            with path.open("rb", buffering=0) as file:
                body = file.read()
                os.utime(file.fileno())
        except OSError:
            return None
        digest, block = body[:32], body[32:]
        # A power cut may have left a block of zeros.
        return block if sha256(block).digest() == digest else None

    def put(self, name: str, block: bytes) -> None:
        if len(block) > self._max_bytes * FULL_SHARE:
            return
        path = self._path(name)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(sha256(block).digest() + block)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        self._unseen += len(block)
        if self._unseen > self._max_bytes // SCANS:
            self._unseen = 0
            self._bound()

    def remove(self, name: str) -> None:
        with suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _bound(self) -> None:
        """Remove the blocks that were used longest ago."""
        found = []
        with suppress(OSError), os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(OSError):
                    stat = entry.stat()
                    found.append((stat.st_mtime_ns, stat.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        if total + self._max_bytes // SCANS <= self._max_bytes:
            return
        for _, size, path in sorted(found):
            with suppress(OSError):
                Path(path).unlink()
            total -= size
            if total <= self._max_bytes * FULL_SHARE:
                return

    def _path(self, name: str) -> Path:
        return self._directory / sha256(name.encode()).hexdigest()[:40]
