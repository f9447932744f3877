"""The footer of an object that holds a range of a pack: the headers of its records, so that the bucket alone is enough
to make the index again.

Footer: for each record the place of its bytes in the pack and its header, compressed. Trailer: magic, length and
SHA-256 of the compressed footer. Little endian.
"""

import struct
import zlib
from collections.abc import Iterable
from hashlib import sha256

from consumers.store.archive.records import RecordHeader, ScannedRecord, unpack_header

_OFFSET = struct.Struct("<Q")
_TRAILER = struct.Struct("<4sQ32s")
_MAGIC = b"WPF1"
TRAILER_BYTES = _TRAILER.size
TAIL_BYTES = 65_536
"""So much of the end of an object has the whole footer of most."""
MAX_FOOTER_BYTES = 1 << 26


class DamagedFooter(ValueError):
    """The object has no footer that can be read: it is not one of ours, or not whole."""


def pack_footer(records: Iterable[tuple[int, RecordHeader]]) -> bytes:
    """Make the footer of records given by the place of their bytes in the pack."""
    body = zlib.compress(b"".join(_OFFSET.pack(offset) + header.pack() for offset, header in records))
    return body + _TRAILER.pack(_MAGIC, len(body), sha256(body).digest())


def footer_size(tail: bytes) -> int:
    """How many bytes at the end of an object are footer and trailer. Raises `DamagedFooter`."""
    magic, length, _ = _TRAILER.unpack(tail[-TRAILER_BYTES:]) if len(tail) >= TRAILER_BYTES else (b"", 0, b"")
    if magic != _MAGIC or length > MAX_FOOTER_BYTES:
        raise DamagedFooter("the object has no footer")
    return int(length) + TRAILER_BYTES


def unpack_footer(tail: bytes) -> list[ScannedRecord]:
    """From the end of an object, with all of its footer. Raises `DamagedFooter`."""
    size = footer_size(tail)
    body = tail[-size:-TRAILER_BYTES]
    digest = _TRAILER.unpack(tail[-TRAILER_BYTES:])[2]
    if size > len(tail) or sha256(body).digest() != digest:
        raise DamagedFooter("the footer of the object is not whole")
    return list(_records(_decompressed(body)))


def _decompressed(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(body, MAX_FOOTER_BYTES)
    except zlib.error as error:
        raise DamagedFooter(f"the footer of the object cannot be read: {error}") from error
    if inflater.unconsumed_tail:
        raise DamagedFooter("the footer of the object is too long")
    return found


def _records(data: bytes) -> Iterable[ScannedRecord]:
    place = 0
    while place < len(data):
        found = unpack_header(data, place + _OFFSET.size)
        if found is None:
            raise DamagedFooter("the footer of the object has no whole record where one should be")
        (offset,) = _OFFSET.unpack_from(data, place)
        header, place = found
        yield ScannedRecord(header, offset, offset + header.size)
