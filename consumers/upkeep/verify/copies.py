"""Checks that cold storage has every object that the index names, whole, and no others."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from consumers.engine.findings import Findings
from consumers.store.archive.copies import OutOfReach
from consumers.store.archive.records import scan
from consumers.store.cold.settings import ColdStorage

if TYPE_CHECKING:
    from consumers.store.cold.bucket import Bucket


def check_copies(
    findings: Findings, index: sqlite3.Connection, cold: ColdStorage | None, *, deep: bool = False
) -> None:
    """`deep` reads every object, and every medium in it."""
    copies = index.execute("select object, size, pack, first, last, sha256 from copies").fetchall()
    if cold is None:
        if copies:
            findings.not_compared(f"{len(copies):,} objects in cold storage, for the configuration names no bucket")
        return
    # Only here, for boto3 takes a while to load.
    from consumers.store.cold.bucket import Bucket

    try:
        with closing(Bucket(cold)) as bucket:
            listed = dict(bucket.list("packs/"))
            _compare(findings, index, listed)
            for name, size, pack, first, last, digest in copies if deep else ():
                if listed.get(name) == size:
                    media = _media_in(index, pack, first, last)
                    _read(findings, bucket, _Copy(name, size, last - first, digest), media)
    except OutOfReach as away:
        findings.not_compared(f"cold storage: {away.strerror}")


def _compare(findings: Findings, index: sqlite3.Connection, listed: dict[str, int]) -> None:
    expected = dict(index.execute("select object, size from copies"))
    leaving = {name for (name,) in index.execute("select object from uploads union select object from tombstones")}
    for name, size in expected.items():
        if name not in listed:
            findings.fault(f"the object {name} is not in cold storage")
        elif listed[name] != size:
            findings.fault(f"the object {name} has {listed[name]:,} bytes in cold storage, and {size:,} were written")
    if unknown := listed.keys() - expected.keys() - leaving:
        findings.fault(f"{len(unknown):,} objects in cold storage are in no index, such as {min(unknown)}")
    size = sum(expected.values())
    findings.note(f"{len(expected):,} objects, {size:,} bytes in cold storage; {len(leaving):,} on their way")


def _media_in(index: sqlite3.Connection, pack: int, first: int, last: int) -> set[tuple[int, bytes]]:
    """The place and hash of each medium in a range of a pack."""
    return set(
        index.execute(
            "select offset - ?2, sha256 from media where series = (select series from packs where pack = ?1)"
            " and time between (select first from packs where pack = ?1) and (select last from packs where pack = ?1)"
            " and pack = ?1 and offset >= ?2 and offset < ?3",
            (pack, first, last),
        )
    )


class _Copy(NamedTuple):
    """An object, its bytes, how many of them are of the pack, and its SHA-256."""

    name: str
    size: int
    length: int
    digest: bytes


def _read(findings: Findings, bucket: "Bucket", copy: _Copy, media: set[tuple[int, bytes]]) -> None:
    from consumers.store.cold.bucket import TooLarge

    try:
        body = bucket.get_small(copy.name, copy.size)
    except TooLarge:
        body = b""
    if sha256(body).digest() != copy.digest:
        findings.fault(f"the object {copy.name} has other bytes in cold storage than were written")
        return
    found = {(one.offset, one.header.sha256) for one in scan(body[: copy.length])}
    if lacking := media - found:
        findings.fault(f"the object {copy.name} lacks {len(lacking):,} media that the index places in it")
