"""Assumptions beside the configuration: what cameras send, how much moves, and sizes. Each figure was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Where = tuple[str, str, str]
"""Site, device, and a kind of media."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A network camera, a camera of the machine, or a recording."""

    width: int = 1920
    height: int = 1080
    fps: float = 15.0
    bits_per_s: int = 4_000_000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """`moving` is the share of the time in which something moves before a camera. `measured` has the mean bytes of
    media that a hub has already.
    """

    camera: Camera = Camera()
    moving: float = 0.5
    measured: Mapping[Where, float] = field(default_factory=dict)


SNAPSHOT: Final = "snapshot"
"""The name of captures that stay as long as evidence, beside the kinds of media."""

CAPTURE_BYTES_PER_PIXEL: Final = 0.19
"""JPEG of quality 85: the drawn scenes have 0.18 to 0.19, a recorded street 0.20, a recorded room 0.12."""
THUMBNAIL_BYTES_PER_PIXEL: Final = 0.18
"""JPEG of quality 75: 0.18 of drawn scenes, 0.16 of the street, 0.09 of the room."""
MOSAIC_PICTURES: Final = 2
"""A minute: of all devices; and those of devices with and without an incident, which take no more together."""
THERMAL_PREVIEW_BYTES: Final = 41_000
THERMAL_FRAME_BYTES: Final = 510
"""A frame that was recorded at 8 Hz takes 382, and its header in the archive the rest."""

EVENT_BYTES: Final[Mapping[str, float]] = {
    "media": 505,
    "frame": 1_050,
    "motion": 465,
    "detection": 560,
    "segment": 495,
    "health": 660,
    "heartbeat": 510,
    "tick": 376,
}
"""Means of a demo of 13 minutes."""
THERMAL_EVENT_BYTES: Final = 750
REGION_BYTES: Final = 185
"""For each region of an event of temperatures."""
COMPRESSED: Final = 0.5
"""The share that gzip leaves of events that are sent as they come."""

JOURNAL_ROW_BYTES: Final = 350
"""Bytes of an event in SQLite beside its body: its columns and four indexes."""
CLICKHOUSE_BYTES_PER_EVENT: Final = 162
"""Compressed, body included."""
MEDIUM_BYTES: Final = 300
"""Bytes of a medium in the archive beside its own: its header in the pack and its row in the index."""
VIEW_BYTES_PER_EVENT: Final = 150
"""All views of a demo of 13 minutes together."""
WAREHOUSE_ROW_BYTES: Final = 40
"""Compressed; most of it is the id of the event."""

HUB_MB: Final = 615
HUB_DEVICE_MB: Final = 1.1
"""All processes of the hub: 669 MB with 50 devices, 830 MB with 200."""
EMBEDDED_WAREHOUSE_MB: Final = 300
"""Part of it that is chDB in the process of the gateway."""
AGENT_MB: Final = 90
AGENT_CAMERA_MB: Final = 35
AGENT_BYTES_PER_PIXEL: Final = 20
"""169 MB with one camera of 1080p, 61 MB a camera with four of 360p."""
