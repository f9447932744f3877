"""Copies ranges of packs to the bucket, and enters the objects there that the index does not know."""

from collections.abc import Callable, Set
from pathlib import Path

import structlog

from consumers.store.archive.copies import CopiedRange, PackRange, parse_object_name
from consumers.store.archive.keys import pack_path
from consumers.store.archive.records import ScannedRecord
from consumers.store.cold.bucket import Bucket, TooLarge
from consumers.store.cold.footer import TAIL_BYTES, DamagedFooter, footer_size, pack_footer, unpack_footer
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.sending import FileContent, ObjectSender, digest_of
from consumers.upkeep.rounds import NeedsPerson

PACKS = "packs/"

log = structlog.get_logger()


def copy_range(directory: Path, book: CopyBook, sender: ObjectSender, wanted: PackRange) -> int:
    """Its bytes; 0 where the pack was dropped meanwhile. Raises `Halted`, `NotAsWritten` or `OutOfReach`."""
    footer = pack_footer((one.offset, one.header) for one in book.records(wanted))
    content = FileContent(pack_path(directory, wanted.series, wanted.interval), wanted.first, wanted.last, footer)
    try:
        digest = digest_of(content)
        name = wanted.object_name(digest)
        sender.send(name, content, wanted, digest)
    except FileNotFoundError:
        # Its upload, if it had begun, was buried with it.
        return 0
    copy = CopiedRange(name, wanted.first, wanted.last, content.size, bytes.fromhex(digest))
    return content.size if book.settle(wanted, copy) else 0


class OtherBucket(NeedsPerson, LookupError):
    """The bucket lacks most objects that the index knows: they are in another one."""


def enter_objects(book: CopyBook, bucket: Bucket, progress: Callable[[int, int], None] | None = None) -> int:
    """Enter the objects that the index does not know; how many there were. Raises `OtherBucket`."""
    listed = dict(bucket.list(PACKS))
    _compare(bucket, book.copies(), listed.keys())
    known = book.known()
    found = [
        (parsed[0], name, size, parsed[1])
        for name, size in listed.items()
        if name not in known and (parsed := parse_object_name(name))
    ]
    # Ranges of a pack lie one after the other.
    found.sort(key=lambda each: (each[0].interval, each[0].first))
    for done, (place, name, size, digest) in enumerate(found, 1):
        try:
            records = read_footer(bucket, name, size)
        except DamagedFooter as error:
            log.warning("an object in cold storage is none of ours", object=name, reason=str(error))
            continue
        book.enter(place, CopiedRange(name, place.first, place.last, size, digest), records)
        if progress is not None:
            progress(done, len(found))
    return len(found)


def _compare(bucket: Bucket, copies: Set[str], listed: Set[str]) -> None:
    """A few that are lost keep nothing else from its place: the check of media sends them again, or gives them up."""
    lacking = len(copies - listed)
    if lacking > len(copies) // 2:
        raise OtherBucket(
            f"{bucket.storage.name} lacks {lacking:,} of {len(copies):,} objects that were written to another bucket or"
            " prefix: copy them there first, or name the one that has them"
        )
    if lacking:
        log.error("cold storage has lost objects", bucket=bucket.storage.name, objects=lacking)


def read_footer(bucket: Bucket, name: str, size: int) -> list[ScannedRecord]:
    """Raises `DamagedFooter`."""
    start = max(0, size - TAIL_BYTES)
    tail = _part(bucket, name, start, size)
    length = footer_size(tail)
    if length > len(tail):
        tail = _part(bucket, name, max(0, size - length), size)
    records = unpack_footer(tail)
    if not records:
        raise DamagedFooter("the object holds no medium")
    return records


def _part(bucket: Bucket, name: str, first: int, last: int) -> bytes:
    """Raises `DamagedFooter` where more is sent than there is."""
    try:
        return bucket.get(name, first, last)
    except TooLarge as error:
        raise DamagedFooter("more of the object was sent than it was asked for") from error
