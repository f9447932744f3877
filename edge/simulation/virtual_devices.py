"""Simulates many devices for load tests: a realistic mix of events and pictures at a given rate."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import simplejpeg

from bus_schemas.camera import DetectedObject, Detection, DetectionEvent, Frame, FrameEvent, Motion, MotionEvent
from bus_schemas.event import Event, device_source
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import describe, media_key
from bus_schemas.node import Health, HealthEvent
from bus_schemas.thermal import PIXELS, FrameStatistics, Region, Thermal, ThermalEvent
from producer.broker import BrokerAddress
from producer.ids import Clock, Ids, utc_now
from producer.outbox.tables import Draft
from producer.relay.bulk_sender import BulkSender

TICK_S: Final = 0.05
REPORT_EVERY_S: Final = 1.0
PICTURES: Final = 8
_CAMERA = ("frame", "frame_with_picture", "detection", "motion", "health")
_CAMERA_WEIGHTS = (60, 15, 12, 10, 3)
_SENSOR = ("thermal", "health")
_SENSOR_WEIGHTS = (97, 3)


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """`rate` is in events per second, of all devices together; one device in four is a thermal sensor."""

    site: str
    devices: int
    rate: float
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Achieved:
    """Counts so far."""

    seconds: float
    made: int
    confirmed: int

    @property
    def waiting(self) -> int:
        return self.made - self.confirmed


class VirtualDevice:
    """Makes the events of one device, as drafts in the order in which an agent would put them."""

    def __init__(self, site: str, number: int, pictures: list[bytes], clock: Clock) -> None:
        self._site = site
        self._device = f"virtual-{number:03d}"
        self._random = Random(number)
        self._pictures = pictures
        self._clock = clock
        self._ids = Ids(clock)
        self._is_camera = number % 4 != 3

    def observe(self) -> list[Draft]:
        """One event, and its picture where it has one."""
        kinds, weights = (_CAMERA, _CAMERA_WEIGHTS) if self._is_camera else (_SENSOR, _SENSOR_WEIGHTS)
        (kind,) = self._random.choices(kinds, weights)
        now = self._clock()
        match kind:
            case "frame_with_picture":
                medium = self._picture(now)
                assert isinstance(medium.event, MediaEvent)
                return [medium, Draft(self._frame(now, medium.event.data.key))]
            case "frame":
                return [Draft(self._frame(now))]
            case "detection":
                return [Draft(self._detection(now))]
            case "motion":
                return [Draft(self._motion(now))]
            case "thermal":
                return [Draft(self._thermal(now))]
        return [Draft(self._health(now))]

    def _envelope(self, now: datetime) -> dict[str, object]:
        return {"id": self._ids(), "source": device_source(self._site, self._device), "time": now}

    def _made(self, model: type[Event], now: datetime, data: object) -> Event:
        return model.model_validate({**self._envelope(now), "data": data})

    def _picture(self, now: datetime) -> Draft:
        event_id, body = self._ids(), self._random.choice(self._pictures)
        media = describe(media_key(self._site, self._device, "thumbnail", event_id), body, width=320, height=180)
        event = MediaEvent(id=event_id, source=device_source(self._site, self._device), time=now, data=media)
        return Draft(event, body)

    def _frame(self, now: datetime, *media: str) -> Event:
        loudness = self._random.uniform(-40, -15)
        data = Frame(
            blackscreen=False,
            blackscreen_percentage=self._random.uniform(0, 5),
            freeze=False,
            freeze_diffs=tuple(self._random.uniform(1, 6) for _ in range(3)),
            audio=True,
            mean_volume_db=loudness,
            volume_percentage=int(100 + loudness * 2),
            width=1280,
            height=720,
            media=media,
        )
        return self._made(FrameEvent, now, data)

    def _detection(self, now: datetime) -> Event:
        people = self._random.randint(0, 5)
        objects = tuple(
            DetectedObject(label="person", score=self._random.uniform(0.5, 1), box=self._box()) for _ in range(people)
        )
        return self._made(DetectionEvent, now, Detection(people_count=people, objects=objects, detector="virtual"))

    def _box(self) -> tuple[float, float, float, float]:
        return self._random.uniform(0, 0.8), self._random.uniform(0, 0.6), 0.1, 0.3

    def _motion(self, now: datetime) -> Event:
        data = Motion(
            phase="end", boxes=(self._box(),), duration_s=self._random.uniform(1, 9), frames=40, intensity=0.2
        )
        return self._made(MotionEvent, now, data)

    def _thermal(self, now: datetime) -> Event:
        hottest = self._random.gauss(40, 3)
        statistics = FrameStatistics(min_temp=20, max_temp=hottest, avg_temp=25, median_temp=24.5, std_dev=2)
        region = Region(
            name="full_frame",
            min_temp=20,
            max_temp=hottest,
            avg_temp=25,
            median_temp=24.5,
            std_dev=2,
            pixel_count=PIXELS,
        )
        data = Thermal(frame_stats=statistics, regions=(region,), composite_temperature=hottest)
        return self._made(ThermalEvent, now, data)

    def _health(self, now: datetime) -> Event:
        data = Health(status="healthy", last_frame_time=now, kinds=("visual",) if self._is_camera else ("thermal",))
        return self._made(HealthEvent, now, data)


def pictures(seed: int = 1) -> list[bytes]:
    """Thumbnails of 320 by 180 pixels, of a few kilobytes each."""
    noise = np.random.default_rng(seed)
    return [_picture(noise) for _ in range(PICTURES)]


def _picture(noise: np.random.Generator) -> bytes:
    coarse = noise.integers(0, 255, (18, 32, 3), dtype=np.uint8)
    body: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(coarse.repeat(10, axis=0).repeat(10, axis=1)))
    return body


def simulate(
    load: LoadProfile, broker: BrokerAddress, stopping: threading.Event, on_achieved: Callable[[Achieved], None]
) -> Achieved:
    """Run for the seconds of the load or until `stopping`, and then until everything is confirmed or `stopping`.

    If ingest does not keep up, fewer events are made: the reported rate is then the highest that gets through.
    """
    drawn = pictures()
    devices = [VirtualDevice(load.site, number, drawn, utc_now) for number in range(load.devices)]
    with (
        TemporaryDirectory(prefix="watchpost-simulate-") as directory,
        BulkSender(Path(directory) / "outbox.sqlite", broker, utc_now) as sender,
    ):
        began = reported_at = time.monotonic()
        for drafts in _made(devices, load, stopping):
            sender.put(drafts)
            sender.room(stopping)
            now = time.monotonic()
            if now - reported_at >= REPORT_EVERY_S:
                reported_at = now
                on_achieved(Achieved(now - began, sender.put_count, sender.put_count - sender.waiting()))
        waiting = sender.drain(stopping)
        return Achieved(time.monotonic() - began, sender.put_count, sender.put_count - waiting)


def _made(devices: list[VirtualDevice], load: LoadProfile, stopping: threading.Event) -> Iterator[list[Draft]]:
    """The drafts that are due, every tick; each device in its turn."""
    began, made, turn = time.monotonic(), 0, 0
    while not stopping.is_set():
        elapsed = time.monotonic() - began
        over = load.seconds is not None and elapsed >= load.seconds
        due = int(load.rate * (min(elapsed, load.seconds) if load.seconds is not None else elapsed)) - made
        drafts: list[Draft] = []
        # At most what one tick makes: missed events are not made up for.
        while len(drafts) < min(due, max(1, int(load.rate * TICK_S * 4))):
            drafts += devices[turn % len(devices)].observe()
            turn += 1
        made += max(due, len(drafts))
        if drafts:
            yield drafts
        if over:
            return
        stopping.wait(TICK_S)
