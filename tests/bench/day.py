"""A day of 1,000,000 events of 50 devices in a journal on disk: what projections are folded from, and what is checked.

The mix is that of cameras and thermal sensors which have captures: analyses of frames, media, temperatures, detections,
motion, segments, health, and the hub's own heartbeats every 5 seconds.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import Event, iso
from consumers.hub_config import HubConfig
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders
from tests.builders import START
from tests.following import MemoryMedia

EVENTS = 1_000_000
DEVICES = 50
BEGIN = START.replace(hour=0)
GROUP = 10_000
TICK_S = 5.0
SEED = 5

_FRAMES, _MEDIA, _THERMAL, _DETECTION, _MOTION, _SEGMENT, _HEALTH = range(7)
_WEIGHTS = (40, 30, 12, 8, 4, 3, 3)
_KEY = "BENCH/dev-00/capture/0197a1b2-0000-7000-8000-000000000000"
_EPOCH = "0197a1b2-0000-7000-8000-0000000000ee"
SEGMENT = timedelta(seconds=10)
_START, _SEGMENT_END = iso(START).encode(), iso(START + SEGMENT).encode()


def _templates() -> list[list[bytes]]:
    """By kind a few bodies that differ as events do; device, id, time and sequence are filled in."""
    about: dict[str, Any] = {"device": "dev-00", "id": "EVENT-ID", "epoch": _EPOCH, "sequence": 7}
    pictures = (_KEY.replace("capture", "thumbnail"), _KEY)
    made: list[list[Event]] = [
        [
            builders.frame(
                START, mean_volume_db=-24.0 - n, last_3_media=(_KEY,) * 3, media=pictures, width=1280, height=720,
                quality_score=4.2, motion_boxes=((0.25, 0.3, 0.1, 0.2),) * (n % 3), **about,
            )
            for n in range(9)
        ],
        [builders.media(START, bytes(n), kind=("capture", "thumbnail")[n % 2], width=320, **about) for n in range(4)],
        [builders.thermal(START, hottest=40.0 + n / 3, sensor_temp=31.5, media=pictures, **about) for n in range(20)],
        [
            builders.detection(
                START, people_count=n, event_triggers=("CROWD_VIOLATION",) if n > 4 else (), media=pictures, **about
            )
            for n in range(6)
        ],
        [builders.motion(START, phase=phase, media=pictures, **about) for phase in ("start", "update", "end", "end")],
        [builders.segment(START, **about)],
        [builders.health(START, **about)],
    ]  # fmt: skip
    return [[to_bytes(event) for event in events] for events in made]


def bodies(count: int) -> Iterator[tuple[datetime, bytes]]:
    """The events of the day in the order in which they came, as they lie in the journal, and when they came."""
    random, templates = Random(SEED), _templates()
    kinds = random.choices(range(len(templates)), _WEIGHTS, k=count)
    sequences = dict.fromkeys(range(DEVICES), 0)
    following, ticks = 0.0, 0
    for number, kind in enumerate(kinds):
        seconds = number * 86_399 / count
        now = BEGIN + timedelta(seconds=seconds)
        if seconds >= following:
            following += TICK_S
            ticks += 1
            yield now, to_bytes(builders.tick(now, uptime_s=seconds, id=f"tick-{ticks}", epoch="hub", sequence=ticks))
            continue
        device = random.randrange(DEVICES)
        sequences[device] += 1
        body = random.choice(templates[kind]).replace(b"dev-00", b"dev-%02d" % device)
        body = body.replace(b"EVENT-ID", b"0197a1b2-0000-7000-8000-%012d" % number)
        begin = now - SEGMENT if kind == _SEGMENT else now
        body = body.replace(_START, iso(begin).encode()).replace(_SEGMENT_END, iso(now).encode())
        yield now, body.replace(b'"sequence":7', b'"sequence":%d' % sequences[device])


def write(directory: Path, count: int | None = None) -> None:
    """Write the journal of the day, or of one with fewer events."""
    with closing(Journal(directory, lambda: datetime(2026, 1, 5, tzinfo=UTC))) as journal:
        group: list[tuple[datetime, bytes]] = []
        for one in bodies(EVENTS if count is None else count):
            group.append(one)
            if len(group) == GROUP:
                _append(journal, group)
                group = []
        _append(journal, group)


def _append(journal: Journal, group: list[tuple[datetime, bytes]]) -> None:
    events = read_stored(body for _, body in group)
    journal.append([Accepted(event, body, micros(at)) for event, (at, body) in zip(events, group, strict=True)])


def hub(data: Path) -> HubConfig:
    """A hub over the journal of the day."""
    media = MemoryMedia()
    return HubConfig(data, lambda: media)
