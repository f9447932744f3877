"""What the index of the archive knows of cold storage, for the threads that upload."""

import json
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Self

from consumers.store.archive.copies import CopiedRange, PackRange, Upload, add_copy, records_of, uncopied
from consumers.store.archive.entering import enter_object
from consumers.store.archive.index import open_to_write
from consumers.store.archive.records import ScannedRecord
from producer.times import EPOCH, MINUTE
from producer.transaction import transaction


class CopyBook:
    """For use from any thread. Each change is durable when its method returns: the disk may then drop its bytes."""

    def __init__(self, directory: Path) -> None:
        self._index = open_to_write(directory, shared=True)
        self._index.execute("pragma synchronous = full")
        self._lock = threading.Lock()

    def waiting(self, until: datetime, kinds: Collection[str], limit: int) -> list[PackRange]:
        """The packs that were over at a moment and are not copied yet, the oldest first."""
        with self._lock:
            return uncopied(self._index, (until - EPOCH) // MINUTE, kinds, limit)

    def records(self, wanted: PackRange) -> list[ScannedRecord]:
        """The records of a range, in the order in which they lie there."""
        with self._lock:
            return records_of(self._index, wanted)

    def begin(self, name: str, wanted: PackRange) -> Upload:
        """The upload of an object, as far as it had come."""
        with self._changing() as index:
            index.execute(
                "insert or replace into tombstones"
                " select object, upload_id from uploads where pack = ? and object <> ?",
                (wanted.pack, name),
            )
            index.execute("delete from uploads where pack = ? and object <> ?", (wanted.pack, name))
            index.execute("delete from tombstones where object = ?", (name,))
            index.execute(
                "insert or ignore into uploads (object, pack, first, last) values (?, ?, ?, ?)",
                (name, wanted.pack, wanted.first, wanted.last),
            )
            row = index.execute("select upload_id, etags from uploads where object = ?", (name,)).fetchone()
        return Upload(name, wanted.pack, wanted.first, wanted.last, row[0], tuple(json.loads(row[1])))

    def checkpoint(self, name: str, upload_id: str | None, etags: Sequence[str]) -> None:
        """Remember the parts that the server has confirmed."""
        with self._changing() as index:
            index.execute(
                "update uploads set upload_id = ?, etags = ? where object = ?", (upload_id, json.dumps(etags), name)
            )

    def settle(self, wanted: PackRange, copy: CopiedRange) -> bool:
        """Enter a copy that was compared. False where its pack was dropped meanwhile: then the object goes too."""
        with self._changing() as index:
            index.execute("delete from uploads where object = ?", (copy.object,))
            if index.execute("select 1 from packs where pack = ?", (wanted.pack,)).fetchone() is None:
                index.execute("insert or replace into tombstones values (?, null)", (copy.object,))
                return False
            add_copy(index, wanted.pack, copy, is_hot=True)
        return True

    def give_up(self, name: str) -> None:
        """The upload of an object ends here, and nothing is to be left of it."""
        with self._changing() as index:
            index.execute(
                "insert or replace into tombstones select object, upload_id from uploads where object = ?", (name,)
            )
            index.execute("delete from uploads where object = ?", (name,))

    def finish(self, name: str) -> None:
        """An upload that is of no pack is done."""
        with self._changing() as index:
            index.execute("delete from uploads where object = ?", (name,))

    def upload_ids(self) -> set[str]:
        with self._lock:
            rows = self._index.execute(
                "select upload_id from uploads where upload_id is not null"
                " union select upload_id from tombstones where upload_id is not null"
            ).fetchall()
        return {upload_id for (upload_id,) in rows}

    def delete_later(self, name: str) -> None:
        """Have an object deleted that is of no pack."""
        with self._changing() as index:
            index.execute("insert or ignore into tombstones values (?, null)", (name,))

    def tombstones(self, after: str, limit: int) -> list[tuple[str, str | None]]:
        """Objects that are to be deleted, by name and behind this one, and the uploads of them that had begun."""
        query = "select object, upload_id from tombstones where object > ? order by object limit ?"
        with self._lock:
            return self._index.execute(query, (after, limit)).fetchall()

    def confirm_gone(self, name: str) -> None:
        with self._changing() as index:
            index.execute("delete from tombstones where object = ?", (name,))

    def is_reconciled(self, bucket: str) -> bool:
        """Whether the index was compared with this bucket since it was made."""
        with self._lock:
            return self._index.execute("select 1 from reconciled where bucket = ?", (bucket,)).fetchone() is not None

    def mark_reconciled(self, bucket: str) -> None:
        with self._changing() as index:
            index.execute("insert or ignore into reconciled values (?)", (bucket,))

    def copies(self) -> set[str]:
        """The names of the objects that media are read from."""
        with self._lock:
            return {name for (name,) in self._index.execute("select object from copies").fetchall()}

    def known(self) -> set[str]:
        """The names of all objects that are copies, or uploads, or are to be deleted."""
        with self._lock:
            rows = self._index.execute(
                "select object from copies union select object from uploads union select object from tombstones"
            ).fetchall()
        return {name for (name,) in rows}

    def enter(self, found: PackRange, copy: CopiedRange, records: Sequence[ScannedRecord]) -> None:
        """Enter an object that the index does not know, with the media in it."""
        with self._changing() as index:
            enter_object(index, found, copy, records)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._lock, transaction(self._index) as index:
            yield index

    def close(self) -> None:
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
