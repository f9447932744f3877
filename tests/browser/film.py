"""Two cameras of which tests tell what they recorded: every frame bears its number, and one camera was off a while."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import simplejpeg

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import media_properties
from bus_schemas.topics import event_topic, media_topic
from tests.browser.scripted_product import ScriptedProduct
from tests.builders import SITE, heartbeat, media, motion, segment
from tests.counted_video import FPS, SEGMENT_S, counted_segments
from tests.eventually import eventually

EAST, WEST, NORTH = "EAST", "WEST", "NORTH"
SEGMENTS = 20
LOST = range(8, 12)
"""These segments were not recorded by EAST: its camera was off."""
GONE = 2
"""The bytes of this segment of NORTH are nowhere, as where the bucket has lost an object."""


@dataclass(frozen=True)
class Recorded:
    scripted: ScriptedProduct
    begin: datetime

    def at(self, seconds: float) -> datetime:
        return self.begin + timedelta(seconds=seconds)

    def address(self, seconds: float, devices: str = EAST, **query: str) -> str:
        given = "".join(f"&{key}={value}" for key, value in query.items())
        at = f"{self.at(seconds):%Y-%m-%dT%H:%M:%SZ}"
        return f"{self.scripted.address}/playback?site={SITE}&device={devices}&at={at}{given}"


def send(scripted: ScriptedProduct, topic: str, payload: bytes, *properties: str) -> None:
    command = ["mosquitto_pub", "-p", str(scripted.product.mqtt_port()), "-V", "5", "-q", "1", "-t", topic, "-s"]
    subprocess.run([*command, *properties], input=payload, check=True, timeout=20)


def send_event(scripted: ScriptedProduct, event: Event) -> None:
    send(scripted, event_topic(event.source, short_name(event.type)), to_bytes(event))


def send_medium(scripted: ScriptedProduct, event: MediaEvent, payload: bytes) -> None:
    given = ["-D", "publish", "content-type", event.data.content_type]
    for name, value in media_properties(event):
        given += ["-D", "publish", "user-property", name, value]
    send(scripted, media_topic(event.source, event.data.kind), payload, *given)


def record_with_loss(scripted: ScriptedProduct, begin: datetime) -> Recorded:
    """Six segments of NORTH."""
    film = Recorded(scripted, begin)
    for number, video in enumerate(counted_segments(6)):
        start = film.at(number * SEGMENT_S)
        medium = media(start, video, kind="segment", device=NORTH)
        if number != GONE:
            send_medium(scripted, medium, video)
        send_event(
            scripted,
            segment(start, duration_s=float(SEGMENT_S), device=NORTH, fps=FPS, size=len(video),
                    media=(medium.data.key,), discontinuity=number == 0),
        )  # fmt: skip
    eventually(lambda: len(_segments(scripted, NORTH, begin)) == 6, 30, "all segments in the view")
    return film


def thumbnail(grey: int) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((180, 320, 3), grey, np.uint8), 75))


def record(scripted: ScriptedProduct) -> Recorded:
    """Eighty seconds of two cameras, an hour ago."""
    begin = (datetime.now(UTC) - timedelta(hours=1)).replace(second=0, microsecond=0)
    film = Recorded(scripted, begin)
    videos = list(counted_segments(SEGMENTS))
    for device in (EAST, WEST):
        send_event(scripted, heartbeat(film.at(-1), device=device))
        for number, video in enumerate(videos):
            if device == EAST and number in LOST:
                continue
            start = film.at(number * SEGMENT_S)
            medium = media(start, video, kind="segment", device=device)
            send_medium(scripted, medium, video)
            send_event(
                scripted,
                segment(start, duration_s=float(SEGMENT_S), device=device, fps=FPS, size=len(video),
                        media=(medium.data.key,), discontinuity=device == EAST and number == LOST.stop),
            )  # fmt: skip
    for second, grey in ((0, 60), (60, 200)):
        picture = thumbnail(grey)
        send_medium(scripted, media(film.at(second), picture, device=EAST), picture)
    send_event(scripted, motion(film.at(20), phase="start", duration_s=0.0, device=EAST))
    eventually(lambda: len(_segments(scripted, WEST, begin)) == SEGMENTS, 30, "all segments in the view")
    notes = "/api/v1/annotations"
    eventually(lambda: scripted.client.get(notes, params={"site": SITE}).status_code == 200, 60, "the view of notes")
    return film


def _segments(scripted: ScriptedProduct, device: str, begin: datetime) -> list[object]:
    path = f"/api/v1/sites/{SITE}/devices/{device}/segments"
    found = scripted.client.get(path, params={"from": begin.isoformat(), "to": datetime.now(UTC).isoformat()})
    return found.json()["segments"] if found.status_code == 200 else []
