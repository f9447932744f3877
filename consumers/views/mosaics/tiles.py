"""The files of tiles: written once under the hash of their content, and removed when the ring has gone round."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path


class Tiles:
    """`{site}/{minute}-{hash}.jpg` below a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, site: str, minute: int, tile: bytes) -> str:
        """The name under which the tile can be read. The same tile of the same minute has the same name."""
        name = f"{site}/{minute}-{_digest(tile)}.jpg"
        path = self._directory / name
        if self.read(name) is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".draft")
            draft.write_bytes(tile)
            draft.replace(path)
        return name

    def read(self, name: str) -> bytes | None:
        """`None` where it was removed, cannot be read, or was cut off by a power cut; `name` comes from the view, never
        from a client.
        """
        try:
            tile = (self._directory / name).read_bytes()
        except OSError:
            return None
        return tile if name.endswith(f"-{_digest(tile)}.jpg") else None

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._directory / name).unlink(missing_ok=True)

    def sweep(self, site: str, before_minute: int) -> int:
        """Remove what is older than a minute, whoever left it there. Returns how many."""
        old = [
            path
            for path in (self._directory / site).glob("*-*")
            if path.name.partition("-")[0].isdigit() and int(path.name.partition("-")[0]) < before_minute
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _digest(tile: bytes) -> str:
    return sha256(tile).hexdigest()[:24]
