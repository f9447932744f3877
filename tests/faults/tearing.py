"""What a power cut leaves of files: everything that an fsync returned for, and any part of what came after it.

Processes that are killed leave the page cache whole, so a kill alone is kinder than a power cut. Here the end of a
write-ahead log is cut off, at any byte, but never before what was certainly synced:

- what is checkpointed (moved from the log to the database): SQLite syncs the log before that;
- with `synchronous=normal` nothing else is synced, so any later frame may be missing (views that emit nothing, the
  index of the archive);
- of views that emit, the log is synced before anything in it is sent, and so everything before that; any frame behind
  what the journal has of them may be missing;
- with `synchronous=full` each commit is synced before the next begins, so at most the last transaction may be missing,
  and only if nobody was told of it: telling comes after the fsync. Of the outbox the ledger and the journal were told,
  of the journal the outboxes (by watermarks), the checkpoints and who reads the log. A cut is tried on a copy, and
  done where none of them would notice.

A pack gets bytes behind its end that mean nothing: a write that grew the file and of which nothing else arrived.
"""

import random
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bus_schemas.streams import outbox_epoch
from consumers.registry import CONSUMERS
from consumers.store.journal.days import list_days

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
_BACKFILLED_AT = 96
_BACKFILL_ATTEMPTED_AT = 128
LAST_PROMISES = 12

Answer = TypeVar("Answer")
Keeps = Callable[[sqlite3.Connection], bool]
Reported = dict[tuple[str, str], int]
"""The highest sequence of each stream that somebody knows of."""


@dataclass(frozen=True)
class Log:
    """The frames of a write-ahead log: where they end, where transactions end, and up to where it is checkpointed."""

    path: Path
    end: int
    commits: tuple[int, ...]
    checkpointed: int


def read_log(database: Path) -> Log | None:
    path, shared = Path(f"{database}-wal"), Path(f"{database}-shm")
    content = path.read_bytes() if path.exists() else b""
    if len(content) <= HEADER_BYTES:
        return None
    page_bytes, salts = struct.unpack(">I", content[8:12])[0], content[16:24]
    frame_bytes = FRAME_HEADER_BYTES + page_bytes
    place, commits = HEADER_BYTES, []
    while place + frame_bytes <= len(content) and content[place + 8 : place + 16] == salts:
        place += frame_bytes
        if content[place - frame_bytes + 4 : place - frame_bytes + 8] != bytes(4):
            commits.append(place)
    index = shared.read_bytes() if shared.exists() else bytes(256)
    frames = max(struct.unpack_from("=I", index, at)[0] for at in (_BACKFILLED_AT, _BACKFILL_ATTEMPTED_AT))
    return Log(path, place, tuple(commits), HEADER_BYTES + frames * frame_bytes)


def tear(data: Path, outbox: Path, ledger: Path, foreign: Sequence[str], dice: random.Random) -> list[str]:
    """Call when every process is dead. What was torn, in words."""
    files = [link.resolve() for name in CONSUMERS if (link := data / "views" / f"{name}.sqlite").exists()]
    silent = [file for file in files if not _ask(file, _emits)]
    speaking = [file for file in files if file not in silent]
    days = list_days(data / "journal")
    if not days:
        return []
    journal = days[-1].path
    reported = _all_reported([outbox, *speaking])
    seen = max((_ask(file, _position) for file in files), default=0)
    held = _ask(journal, _watermarks)
    promised = ledger.read_text().split()[-LAST_PROMISES:] if ledger.exists() else []
    done = [_cut(file, dice) for file in (*silent, data / "archive" / "index.sqlite")]
    done.append(_cut_last(journal, dice, lambda copy: _journal_keeps(copy, reported, seen, foreign)))
    done.append(_cut_last(outbox, dice, lambda copy: _outbox_keeps(copy, promised, held)))
    done += [_cut_unreported(file, dice, held) for file in speaking]
    done.append(_smear_a_pack(data / "archive", dice))
    return [words for words in done if words]


def _cut(database: Path, dice: random.Random) -> str:
    """Any frame that is not checkpointed may be missing."""
    log = read_log(database)
    if log is None or log.checkpointed >= log.end:
        return ""
    return _truncate(log, dice.randint(max(HEADER_BYTES, log.checkpointed), log.end))


def _cut_unreported(database: Path, dice: random.Random, held: Reported) -> str:
    """Any frame may be missing that holds nothing of which somebody was notified."""
    log = read_log(database)
    if log is None or log.checkpointed >= log.end:
        return ""
    place = dice.randint(max(HEADER_BYTES, log.checkpointed), log.end)
    if _ask(database, lambda copy: _is_made(copy) and _outbox_keeps(copy, (), held), place):
        return _truncate(log, place)
    return _cut_last(database, dice, lambda copy: _outbox_keeps(copy, (), held))


def _cut_last(database: Path, dice: random.Random, keeps: Keeps) -> str:
    """At most the last transaction may be missing."""
    log = read_log(database)
    if log is None:
        return ""
    before = log.commits[-2] if len(log.commits) > 1 else HEADER_BYTES
    last = log.commits[-1] if log.commits else HEADER_BYTES
    place = dice.randint(max(before, log.checkpointed), max(last, log.checkpointed))
    if not _ask(database, keeps, place):
        place = last
    return _truncate(log, place)


def _truncate(log: Log, place: int) -> str:
    size = log.path.stat().st_size
    Path(str(log.path).removesuffix("-wal") + "-shm").unlink(missing_ok=True)
    with log.path.open("r+b") as file:
        file.truncate(place)
    return f"torn {log.path.name}: {size} to {place} bytes" if place < log.end else ""


def _ask(database: Path, question: Callable[[sqlite3.Connection], Answer], cut: int | None = None) -> Answer:
    """Of a copy: to open a database after a crash is to repair it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / database.name
        shutil.copyfile(database, copy)
        log = Path(f"{database}-wal")
        if log.exists():
            content = log.read_bytes()
            Path(f"{copy}-wal").write_bytes(content if cut is None else content[:cut])
        with closing(sqlite3.connect(copy)) as connection:
            return question(connection)


def _emits(view: sqlite3.Connection) -> bool:
    return view.execute("select 1 from sqlite_master where name = 'outbox_event'").fetchone() is not None


def _is_made(view: sqlite3.Connection) -> bool:
    return view.execute("select 1 from sqlite_master where name = 'outbox_life'").fetchone() is not None


def _position(view: sqlite3.Connection) -> int:
    found = view.execute("select position from checkpoint").fetchone()
    return 0 if found is None else int(found[0])


def _watermarks(journal: sqlite3.Connection) -> Reported:
    rows = journal.execute("select source, epoch, watermark from streams where epoch != ''")
    return {(source, epoch): mark for source, epoch, mark in rows}


def _all_reported(outboxes: Sequence[Path]) -> Reported:
    reported: Reported = {}
    for path in outboxes:
        reported |= _ask(path, _confirmed)
    return reported


def _confirmed(outbox: sqlite3.Connection) -> Reported:
    rows = outbox.execute("select source, epoch, watermark from outbox_stream")
    return {(source, epoch): mark for source, epoch, mark in rows}


def _journal_keeps(journal: sqlite3.Connection, reported: Reported, seen: int, foreign: Sequence[str]) -> bool:
    marks = _watermarks(journal)
    (head,) = journal.execute("select coalesce(max(position), 0) from events").fetchone()
    ids = {name for (name,) in journal.execute("select id from events where sequence is null")}
    # A day that has just begun may hold none of them yet.
    there = all(name in ids for name in foreign[-3:]) or not ids
    return head >= seen and there and all(marks.get(key, 0) >= mark for key, mark in reported.items())


def _sequences(outbox: sqlite3.Connection) -> Reported:
    rows = outbox.execute("select source, epoch, sequence from outbox_stream")
    return {(source, epoch): sequence for source, epoch, sequence in rows}


def _outbox_keeps(outbox: sqlite3.Connection, promised: Sequence[str], held: Reported) -> bool:
    reached = _sequences(outbox)
    (life,) = outbox.execute("select epoch from outbox_life").fetchone()
    if any(reached.get(key, 0) < mark for key, mark in held.items() if outbox_epoch(key[1]) == life):
        return False
    found = [
        outbox.execute("select 1 from outbox_event where instr(cast(body as text), ?)", (name,)).fetchone()
        for name in promised
    ]
    return all(found)


def _smear_a_pack(archive: Path, dice: random.Random) -> str:
    packs = sorted(archive.glob("*/*/*/*/*.pack"))
    if not packs:
        return ""
    pack, size = dice.choice(packs), dice.randrange(1, 5000)
    with pack.open("ab") as file:
        file.write(dice.choice((bytes(size), dice.randbytes(size))))
    return f"{size} bytes of nothing behind {pack.name}"
