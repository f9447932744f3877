"""Reads media for folds, which must know a medium that is lost from an index that is away."""

import errno

from consumers.store.archive.copies import LostCopy
from consumers.store.archive.index import is_recovering
from consumers.store.archive.reader import ArchiveReader


class IndexAway(FileNotFoundError):
    """The index of the archive is not there, or does not know yet what the packs hold."""


class IndexedMedia(ArchiveReader):
    """As folds read media: `None` says that they are not kept, never that the index is away for a while."""

    def read(self, key: str) -> bytes | None:
        """Raises `IndexAway` or `OutOfReach`."""
        index = self._index()
        if index is None or is_recovering(index):
            raise IndexAway(errno.ENOENT, "the index of the archive is being made", self._file)
        try:
            return super().read(key)
        except LostCopy:
            return None
