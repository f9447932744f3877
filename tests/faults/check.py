"""What must hold after every run: each event exactly once and in order, media whole, every view the fold."""

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from bus_schemas.event import place
from consumers.engine import checkpoint
from consumers.engine.view_files import NoView, open_view
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS, consumer_registry
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.days import list_days, open_to_read
from consumers.store.journal.queries import JournalQueries
from producer.ids import utc_now
from tests.verified_views import verify_views

GAP = "watchpost.gap.v1"
MEDIA = "watchpost.media.v1"

StreamKey = tuple[str, str]


@dataclass
class Verdict:
    """How many events (or media, or views) are wrong, and in words which."""

    lost: int = 0
    doubled: int = 0
    different: int = 0
    events: int = 0
    media: int = 0
    gaps: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        return not (self.lost or self.doubled or self.different)

    def lose(self, count: int, words: str) -> None:
        if count:
            self.lost += count
            self.words.append(f"lost {count}: {words}")

    def double(self, count: int, words: str) -> None:
        if count:
            self.doubled += count
            self.words.append(f"doubled {count}: {words}")

    def differ(self, count: int, words: str) -> None:
        if count:
            self.different += count
            self.words.append(f"different {count}: {words}")


class Row(NamedTuple):
    """An event in the journal."""

    position: int
    source: str
    epoch: str
    sequence: int | None
    id: str
    type: str
    body: bytes


@dataclass(frozen=True)
class Expected:
    """What a scenario allows, and what was promised to others."""

    ledger: Sequence[str]
    foreign: Sequence[str]
    outboxes: Sequence[Path]
    causes: Collection[str] = ()
    rejected: Collection[int] = (0,)
    strangers: bool = False
    """Whether others took part: they may name media that nobody has, and their producers were not waited for."""


def rows(journal: Path) -> Iterator[Row]:
    """The whole journal, in order, as it lies on the disk."""
    for day in list_days(journal):
        with closing(open_to_read(day.path)) as connection:
            yield from map(
                Row._make,
                connection.execute(
                    "select position, source, epoch, sequence, id, types.name, body from events"
                    " join streams using (stream) join types using (type) order by position"
                ),
            )


def check(hub: HubConfig, expected: Expected) -> Verdict:
    verdict = Verdict()
    journal = list(rows(hub.data / "journal"))
    verdict.events = len(journal)
    _positions(verdict, journal)
    _streams(verdict, journal, expected.causes)
    _ids(verdict, journal, expected)
    for outbox in expected.outboxes:
        _outbox(verdict, journal, outbox, only_confirmed=expected.strangers)
    _media(verdict, journal, hub, refers=not expected.strangers)
    _views(verdict, hub, journal[-1].position if journal else 0)
    with closing(JournalQueries(hub.data / "journal")) as queries:
        count = queries.rejected_count()
        if count not in expected.rejected:
            reasons = Counter(row.reason for row in queries.rejected()).most_common(3)
            verdict.differ(1, f"{count} rejected messages: {reasons}")
    return verdict


def _positions(verdict: Verdict, journal: Sequence[Row]) -> None:
    found = [row.position for row in journal]
    if found != list(range(1, len(found) + 1)):
        verdict.differ(1, "positions are not 1, 2, 3 …")


def _streams(verdict: Verdict, journal: Sequence[Row], causes: Collection[str]) -> None:
    """Order, repetition and holes of each stream."""
    reached: dict[StreamKey, int] = defaultdict(int)
    for row in journal:
        if row.sequence is None:
            continue
        key, first = (row.source, row.epoch), row.sequence
        if row.type == GAP:
            gap = json.loads(row.body)["data"]
            first = gap["first"]
            verdict.gaps[gap["cause"]] = verdict.gaps.get(gap["cause"], 0) + gap["count"]
            if gap["cause"] not in causes:
                verdict.lose(gap["count"], f"{row.source} {gap['first']}..{gap['last']} for {gap['cause']}")
        if row.sequence <= reached[key]:
            verdict.double(1, f"{row.source} {row.sequence} at position {row.position}")
        elif first > reached[key] + 1:
            verdict.lose(first - reached[key] - 1, f"{row.source} {reached[key] + 1}..{first - 1}, and no gap says so")
        reached[key] = max(reached[key], row.sequence)


def _ids(verdict: Verdict, journal: Sequence[Row], expected: Expected) -> None:
    times = Counter((row.source, row.id) for row in journal)
    repeated = [key for key, count in times.items() if count > 1]
    verdict.double(len(repeated), f"ids such as {repeated[:2]}")
    there = {row.id for row in journal}
    reported = sum(count for cause, count in verdict.gaps.items() if cause in expected.causes)
    missing = [one for one in expected.ledger if one not in there]
    verdict.lose(max(0, len(missing) - reported), f"of what the outbox called durable, such as {missing[:2]}")
    strangers = [one for one in expected.foreign if one not in there]
    verdict.lose(len(strangers), f"of what a foreign device saw in the journal, such as {strangers[:2]}")


def _outbox(verdict: Verdict, journal: Sequence[Row], path: Path, *, only_confirmed: bool = False) -> None:
    """What a producer still has must be in the journal as it has it; or only what it takes for being there."""
    there = {(row.source, row.epoch, row.sequence): row for row in journal if row.sequence is not None}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as outbox:
        if outbox.execute("select 1 from sqlite_master where name = 'outbox_event'").fetchone() is None:
            return
        found = outbox.execute(
            "select source, s.epoch, e.sequence, gap_first, body"
            " from outbox_event e join outbox_stream s on s.id = e.stream"
            " where not :confirmed or e.sequence <= s.watermark order by position",
            {"confirmed": only_confirmed},
        ).fetchall()
    for source, epoch, sequence, gap_first, body in found:
        row = there.get((source, epoch, sequence))
        if row is None:
            verdict.lose(gap_first is None, f"{path.stem}: {source} {sequence} is not in the journal")
        elif gap_first is None and row.type != GAP and row.body != body and json.loads(row.body) != json.loads(body):
            verdict.differ(1, f"{path.stem}: {source} {sequence} is another event in the journal")


def _media(verdict: Verdict, journal: Sequence[Row], hub: HubConfig, *, refers: bool = True) -> None:
    described: dict[str, dict[str, Any]] = {}
    with ArchiveReader(hub.data / "archive") as archive:
        for row in journal:
            if row.type != MEDIA:
                continue
            event = json.loads(row.body)
            medium = event["data"]
            described[medium["key"]] = medium
            body = archive.read(medium["key"])
            if body is None and not refers and _is_expired(hub, event):
                continue
            if body is None:
                verdict.lose(1, f"the bytes of {medium['key']}")
            elif len(body) != medium["size"] or hashlib.sha256(body).hexdigest() != medium["sha256"]:
                verdict.differ(1, f"the bytes of {medium['key']}")
    verdict.media = len(described)
    # What a gap stands for was a picture where something refers to it; the gap has been judged.
    pictures_given_up = sum(verdict.gaps.values())
    if not refers:
        return
    references = [key for row in journal for key in json.loads(row.body)["data"].get("media") or ()]
    dangling = [key for key in references if key not in described]
    verdict.lose(max(0, len(dangling) - pictures_given_up), f"media that events refer to, such as {dangling[:2]}")


def _is_expired(hub: HubConfig, event: dict[str, Any]) -> bool:
    """Whether retention has dropped the medium in its time, as one of long ago at once."""
    keep = hub.retention.keep(*place(event["source"]), event["data"]["kind"])
    return datetime.fromisoformat(event["time"]) < utc_now() - keep


def _views(verdict: Verdict, hub: HubConfig, head: int) -> None:
    for name in CONSUMERS:
        try:
            with closing(open_view(hub.data, name)) as view:
                position, failure = checkpoint.load(view), checkpoint.failure(view)
        except NoView:
            verdict.differ(1, f"{name} has no view")
            continue
        if failure is not None:
            verdict.differ(1, f"{name} stopped at {failure.position}: {failure.error}")
        # That it came near the head is what the drain waited for; a heartbeat or two may have followed.
        if position > head:
            verdict.differ(1, f"{name} stands at {position}, the head is {head}")
    for name, differences in verify_views([], consumer_registry(hub), utc_now).items():
        for difference in differences:
            verdict.differ(1, f"view {name}: {difference}")
