"""A camera at its default rates behind a link that is too slow for it, and how soon what it says is in the journal."""

import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bus_schemas.alert import AlertEvent
from bus_schemas.event import device_source
from bus_schemas.media import MediaEvent
from bus_schemas.node import GapEvent, HealthEvent
from bus_schemas.streams import Traffic, outbox_epoch, traffic_of
from bus_schemas.thermal import ThermalEvent
from consumers.engine.runner import run
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.record import Recorded
from producer.broker import BrokerAddress
from producer.ids import Ids, utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft
from tests import builders
from tests.data_directory import hub_of
from tests.faults.proxy import Proxy
from tests.threads import in_a_thread

BYTES_PER_S = 50_000
SITE, DEVICE, SENSOR = "YARD", "GATE", "BUSBAR"
SOURCE = device_source(SITE, DEVICE)
TICK_S = 0.1
CAPTURE_BYTES, THUMBNAIL_BYTES, SEGMENT_BYTES, FRAME_BYTES = 20_000, 9_000, 400_000, 442
"""Of a camera of 320x240: with its events some 90 kB a second."""
PHASES_EVERY = 10
"""Ticks between two sensors of which one phase is 15.6 °C above the others of its group, and below every level."""
EVIDENCE_FRAMES = 80
"""Of the ten seconds before an alert, which begins while the link is busy with a segment for eight seconds."""

new_id = Ids(utc_now)


def observe(outbox: Outbox, seconds: float, *, at_once: bool = False) -> int:
    """Put what a camera and its thermal sensor tell by default into the outbox, as it happens or all at once; how many
    readings.
    """
    began, ticks = time.monotonic(), int(seconds / TICK_S)
    pause = threading.Event()
    for tick in range(ticks):
        if not at_once:
            pause.wait(max(0.0, began + tick * TICK_S - time.monotonic()))
        outbox.put(*_tick(tick), *_warm_phases(tick))
    outbox.put(durable=True)
    return sum(tick % 5 == 2 for tick in range(ticks))


def _tick(tick: int) -> list[Draft]:
    given: dict[str, Any] = {"site": SITE, "device": DEVICE}
    now = utc_now()
    drafts = []
    if tick % 100 in (20, 99):
        drafts += _evidence() if tick % 100 == 20 else [_medium("segment", SEGMENT_BYTES)]
    if tick % 5 == 0:
        drafts.append(_medium("capture", CAPTURE_BYTES))
    if tick % 10 == 5:
        drafts.append(_medium("thumbnail", THUMBNAIL_BYTES))
    if tick % 2 == 0:
        drafts.append(Draft(builders.frame(now, id=new_id(), **given)))
    if tick % 20 == 2:
        drafts.append(replace(_medium("thermal", FRAME_BYTES), priority=Priority.FINDING))
    if tick % 5 == 2:
        drafts.append(Draft(builders.thermal(now, id=new_id(), **given)))
    if tick % 50 == 0:
        drafts.append(Draft(builders.health(now, id=new_id(), **given)))
    return drafts


def _warm_phases(tick: int) -> list[Draft]:
    """Of a sensor of its own each time, so that each is an alert."""
    if tick % PHASES_EVERY != 7:
        return []
    limits = {"warning": 75.0, "critical": 85.0, "emergency": 95.0, "above_group_c": 15.0}
    regions = [
        {
            "name": name, "min_temp": 20.0, "max_temp": temp, "avg_temp": temp, "median_temp": temp, "std_dev": 0.1,
            "pixel_count": 40, "thresholds": limits, "group": "phases", "peak_temp": temp,
        }
        for name, temp in (("L1", 42.4), ("L2", 58.0), ("L3", 42.4))
    ]  # fmt: skip
    device = f"{SENSOR}-{tick // PHASES_EVERY}"
    event = builders.thermal(utc_now(), hottest=58.0, id=new_id(), site=SITE, device=device)
    data = event.data.model_validate({**event.data.model_dump(), "regions": regions})
    return [Draft(event.model_copy(update={"data": data}))]


def _evidence() -> list[Draft]:
    frames = [_medium("thermal", FRAME_BYTES) for _ in range(EVIDENCE_FRAMES)]
    return [replace(draft, is_evidence=True) for draft in (*frames, _medium("capture", CAPTURE_BYTES))]


def _medium(kind: str, size: int) -> Draft:
    payload = os.urandom(size)
    event = builders.media(utc_now(), payload, kind=kind, id=new_id(), site=SITE, device=DEVICE)
    return Draft(event, payload)


@contextmanager
def slow_link(port: int, bytes_per_s: int = BYTES_PER_S, *, is_buffering: bool = False) -> Iterator[Proxy]:
    proxy = Proxy(port, random.Random(1), bytes_per_s, is_buffering=is_buffering)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


@contextmanager
def running_alerting(data: Path, port: int) -> Iterator[None]:
    """What raises alerts, over a journal that is there."""
    with in_a_thread(lambda stopping: run(["alerting"], hub_of(data), BrokerAddress(port=port), stopping)):
        yield


@dataclass
class Arrivals:
    """What the journal holds of the device."""

    readings_s: list[float] = field(default_factory=list)
    """How long each thermal reading was on its way."""
    health_s: list[float] = field(default_factory=list)
    pictures_s: list[float] = field(default_factory=list)
    frames_s: list[float] = field(default_factory=list)
    """Of raw thermal frames that people are alerted to."""
    segments: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    holes: int = 0
    """Sequences that are missing with no gap that tells of them, or there twice."""

    evidence_s: list[float] = field(default_factory=list)
    """Of what shows the time around an alert."""
    alerts_s: list[float] = field(default_factory=list)
    """From the frame of a sensor in which a phase is too warm to its alert in the journal."""
    observed_s: dict[str, float] = field(default_factory=dict)

    def add_phase(self, record: Recorded) -> None:
        """A frame of a sensor, or the alert that it is reason for."""
        match record.event:
            case ThermalEvent() if record.where[1].startswith(SENSOR):
                self.observed_s[record.where[1]] = record.time_s
            case AlertEvent(data=alert) if alert.state == "raised" and alert.device in self.observed_s:
                self.alerts_s.append(record.received_us / 1e6 - self.observed_s[alert.device])

    def add_medium(self, kind: str, traffic: Traffic, took: float) -> None:
        if traffic is Traffic.EVIDENCE:
            self.evidence_s.append(took)
        elif kind == "segment":
            self.segments += 1
        else:
            (self.frames_s if kind == "thermal" else self.pictures_s).append(took)


def arrivals(data: Path, epoch: str) -> Arrivals:
    found = Arrivals()
    reached: defaultdict[str, int] = defaultdict(int)
    with closing(SqliteJournalReader(data / "journal")) as reader:
        after = 0
        while (batch := reader.read(after, None)).upto > after:
            after = batch.upto
            for record in batch.records:
                found.add_phase(record)
                if record.source != SOURCE or record.epoch is None or outbox_epoch(record.epoch) != epoch:
                    continue
                event = record.event
                assert event.sequence is not None
                first = event.data.first if isinstance(event, GapEvent) else event.sequence
                found.holes += first > reached[record.epoch] + 1 or event.sequence <= reached[record.epoch]
                reached[record.epoch] = event.sequence
                took = record.received_us / 1e6 - record.time_s
                if isinstance(event, GapEvent):
                    found.gaps[f"{traffic_of(record.epoch)} {event.data.cause}"] += event.data.count
                elif isinstance(event, ThermalEvent):
                    found.readings_s.append(took)
                elif isinstance(event, HealthEvent):
                    found.health_s.append(took)
                elif isinstance(event, MediaEvent):
                    found.add_medium(event.data.kind, traffic_of(record.epoch), took)
    return found


def share(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]
