"""The records of a pack: a header from which the index can be built again, then the bytes of the medium.

Header: magic, lengths of id and content type, time (µs since 1970), size and SHA-256 of the bytes, then id and content
type as UTF-8, then the CRC-32 of all of these. Little endian.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from mmap import mmap

MAGIC = b"WPM1"

_FIXED = struct.Struct("<4sHHqQ32s")
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """`id` is the last part of the key; the others are in the path of the pack."""

    id: str
    content_type: str
    time: int
    size: int
    sha256: bytes

    def pack(self) -> bytes:
        name, content_type = self.id.encode(), self.content_type.encode()
        fixed = _FIXED.pack(MAGIC, len(name), len(content_type), self.time, self.size, self.sha256)
        head = fixed + name + content_type
        return head + _CRC.pack(zlib.crc32(head))


@dataclass(frozen=True, slots=True)
class ScannedRecord:
    """A whole record in a pack; `offset` is that of its bytes, `end` that of the record that follows."""

    header: RecordHeader
    offset: int
    end: int


def scan(pack: bytes | mmap, start: int = 0) -> Iterator[ScannedRecord]:
    """The whole records from a place on. A torn or damaged record is skipped, up to the next one that is whole."""
    offset = start
    with memoryview(pack) as data:
        while offset >= 0:
            found = _record(data, offset)
            if found is None:
                offset = pack.find(MAGIC, offset + 1)
            else:
                yield found
                offset = found.end


def unpack_header(data: bytes | memoryview, start: int) -> tuple[RecordHeader, int] | None:
    """The header that begins there, and where it ends; `None` where there is no whole one."""
    if start + _FIXED.size > len(data):
        return None
    magic, id_length, type_length, time, size, digest = _FIXED.unpack_from(data, start)
    names_end = start + _FIXED.size + id_length + type_length
    end = names_end + _CRC.size
    if magic != MAGIC or end > len(data):
        return None
    head = bytes(data[start:names_end])
    if _CRC.unpack_from(data, names_end)[0] != zlib.crc32(head):
        return None
    names = head[_FIXED.size :]
    return RecordHeader(names[:id_length].decode(), names[id_length:].decode(), time, size, digest), end


def _record(data: memoryview, start: int) -> ScannedRecord | None:
    found = unpack_header(data, start)
    if found is None:
        return None
    header, offset = found
    end = offset + header.size
    if end > len(data) or _digest(data, offset, end) != header.sha256:
        return None
    return ScannedRecord(header, offset, end)


def _digest(data: memoryview, start: int, end: int) -> bytes:
    with data[start:end] as body:
        return sha256(body).digest()
