"""Forty minutes of a site: every type of event, trouble of every kind, late arrivals and ticks."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import simplejpeg

from bus_schemas.event import GATEWAY, HUB, Event, device_source, iso
from bus_schemas.media import MediaEvent
from tests import builders
from tests.builders import at, numbered, where

MINUTES = 40
VISUAL = ("gate", "yard")


@dataclass
class Story:
    """The events with the seconds after the start at which each was received, and the bytes of the media."""

    events: list[tuple[float, Event]] = field(default_factory=list)
    payloads: dict[str, bytes] = field(default_factory=dict)

    def add(self, seconds: float, *events: Event, late_s: float = 0.0) -> None:
        self.events += [(seconds + late_s, event) for event in events]

    def in_order(self) -> list[tuple[float, Event]]:
        """In the order of arrival, numbered as two nodes would have done."""
        ordered = sorted(self.events, key=lambda pair: pair[0])
        numbers = numbered([event for _, event in ordered if where(event)[1] in {*VISUAL, "oven", "node-1"}])
        placed = {event.id: event for event in numbers}
        return [(second, placed.get(event.id, event)) for second, event in ordered]


def picture(level: int) -> bytes:
    """A small JPEG of one grey."""
    encoded: bytes = simplejpeg.encode_jpeg(np.full((72, 128, 3), level, dtype=np.uint8))
    return encoded


def story(seed: int = 7) -> Story:
    observed, random = Story(), Random(seed)
    pictures = [picture(level) for level in (20, 120, 220)]
    observed.add(0.5, builders.settings(at(0.5), settings={"motion": {"sensitivity": 30}, "rois": []}))
    _registry(observed)
    _agent(observed)
    observed.add(0.6, builders.state(at(0.6), device="node-1"))
    for second in range(5, MINUTES * 60, 5):
        _five_seconds(observed, second, random, pictures)
    _trouble(observed)
    return observed


def _registry(observed: Story) -> None:
    """The configuration at the start, and what people change of it later."""
    site = {"name": "Demo yard", "time_zone": "Europe/Berlin", "retired": False}
    observed.add(0.1, builders.registry(at(0), device=None, **site), builders.rules(at(0)))
    for device in ("yard", "attic", "oven"):
        kinds = ("thermal",) if device == "oven" else ("visual",)
        observed.add(0.2, builders.registry(at(0), device=device, name=device.title(), kinds=kinds, retired=False))
    by_page = {"origin": "page", "by": "ada"}
    observed.add(1000, builders.registry(at(1000), device="gate", name="North gate", expects="frames", **by_page))
    observed.add(1300, builders.registry(at(1300), device="attic", retired=True, **by_page))
    observed.add(1600, builders.registry(at(1600), device="yard", name="Back yard", **by_page))
    observed.add(1700, builders.rules(at(1700), in_force={"hot_spot_c": 75.0}))


def _agent(observed: Story) -> None:
    """An agent is enrolled, its second configuration does not come up, and the third does."""
    by_page = {"by": "ada", "source": device_source(HUB, GATEWAY)}
    for second, version in ((10, 1), (900, 2), (1500, 3)):
        configured = {"version": version, "configuration": "{}", "signature": "c2lnbmVk", "devices": ["DEMO/yard"]}
        observed.add(second, builders.agent(at(second), state="configured", **configured, **by_page))
    observed.add(20, builders.agent(at(20), state="code_issued", version=None, expires=iso(at(920)), **by_page))
    observed.add(30, builders.agent(at(30), state="enrolled", version=None, user="pi-1.0a1b2c3d", **by_page))
    observed.add(40, builders.agent(at(40)))
    observed.add(960, builders.agent(at(960), state="refused", version=2, reason="it did not come up within 60 s"))
    observed.add(970, builders.agent(at(970), device="gate", version=2))
    observed.add(1510, builders.agent(at(1510), version=3))


def _five_seconds(observed: Story, second: int, random: Random, pictures: list[bytes]) -> None:
    observed.add(second, builders.tick(at(second), uptime_s=float(second), system={"disk_percent": 80 + second / 400}))
    observed.add(second + 0.1, builders.heartbeat(at(second)))
    for device in VISUAL:
        if device == "gate" and 600 <= second < 900:
            continue
        late = 700.0 if device == "yard" and 1200 <= second < 1260 else 0.2
        _visual(observed, device, second, late, random, pictures)
    heat = 100.0 if 300 <= second < 330 else 40.0 + random.random()
    observed.add(second + 0.3, builders.thermal(at(second), device="oven", hottest=heat))
    if second % 30 == 0:
        observed.add(second + 0.4, builders.reading(at(second), 300 + random.random(), device="feeder"))


def _visual(observed: Story, device: str, second: int, late: float, random: Random, pictures: list[bytes]) -> None:
    about: dict[str, Any] = {"device": device}
    thumbnail = builders.media(at(second), payload := random.choice(pictures), **about)
    observed.payloads[thumbnail.data.key] = payload
    frozen = device == "yard" and 1500 <= second < 1600
    frame = builders.frame(at(second), freeze=frozen, media=(thumbnail.data.key,), **about)
    observed.add(second, thumbnail, frame, late_s=late)
    if second % 10 == 0:
        segment = builders.segment(at(second - 10), **about)
        observed.add(second, segment, late_s=late)
    if random.random() < 0.1:
        observed.add(second, builders.motion(at(second), phase="start", **about), late_s=late)
        observed.add(second + 3, builders.motion(at(second + 3), **about), late_s=late)
    if random.random() < 0.1:
        observed.add(second, builders.detection(at(second), **about), late_s=late)


def _trouble(observed: Story) -> None:
    observed.add(100, builders.health(at(100), device="yard"))
    observed.add(400, builders.health(at(400), "degraded", device="yard", consecutive_failures=2))
    observed.add(460, builders.health(at(460), device="yard"))
    observed.add(520, builders.health(at(520), "stopped", device="yard"))
    observed.add(530, builders.health(at(530), device="yard"))
    observed.add(1700, builders.state(at(1600), online=False, device="node-1", reason="connection lost"))
    observed.add(1900, builders.gap(at(1900), device="roof", first=1, last=3))
    observed.add(1901, builders.command(at(1901), device="yard"), builders.annotation(at(1901)))
    observed.add(1901, builders.hold(at(1901)), builders.export(at(1901)), builders.export(at(1902), "failed"))
    observed.add(1903, builders.mute(at(1903), types=("macroblocks",)), builders.review(at(1903)))
    observed.add(1902, builders.asked(at(1902), request_id="r-2"), builders.asked(at(1902), request_id="r-1"))
    observed.add(1910, builders.settings(at(1910), settings={"motion": {"sensitivity": 50}}))
    observed.add(1915, builders.clock_set(at(1915), step_s=2.5, device="yard"))
    observed.add(1920, builders.recording(at(1890)), builders.retention(at(1920)), builders.motion_v1(at(1920)))
    observed.add(1930, builders.fault(at(1930)), builders.fault(at(1931), part="disk", kind="storage_unwritable"))
    observed.add(2000, builders.fault(at(2000), "cleared", since=at(1930)))
    for number, name in enumerate(("offline", "freeze")):
        observed.add(50 + number, builders.incident(at(50 + number), name))
        observed.add(150 + number, builders.incident(at(150 + number), name, "closed"))
    observed.add(200, builders.incident(at(200), "offline", incident_id="inc-2"))
    observed.add(210, builders.alert(at(210), "acknowledged"))


def media_of(observed: Story) -> dict[str, bytes]:
    """The archive of the story: bytes by key."""
    keys = {event.data.key for _, event in observed.events if isinstance(event, MediaEvent)}
    return {key: payload for key, payload in observed.payloads.items() if key in keys}
