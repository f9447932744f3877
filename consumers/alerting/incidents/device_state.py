"""The state of the rules for one device, as the view keeps it."""

from dataclasses import dataclass, field

from msgspec.json import Decoder, Encoder

from consumers.alerting.incidents.detectors import DiskCondition, FrameWindow, WrongClock
from consumers.alerting.incidents.heat import Heat
from consumers.alerting.incidents.machine import MachineLimits
from consumers.alerting.incidents.missing_sound import MissingSound
from consumers.alerting.incidents.presence import PresenceState
from consumers.alerting.incidents.trends import Trends


@dataclass(slots=True)
class Watched(PresenceState):
    """The state of the rules for one device; times in seconds since 1970."""

    frames: FrameWindow = field(default_factory=FrameWindow)
    heat: Heat = field(default_factory=Heat)
    trends: Trends = field(default_factory=Trends)
    warnings: dict[str, float] = field(default_factory=dict)
    """The warning thresholds of ROIs in °C: as set, or else the coolest that was seen to be one."""
    picture: tuple[float, str] | None = None
    """When the newest picture was taken, and its key."""
    disk: DiskCondition = field(default_factory=DiskCondition)
    disk_id: str | None = None
    machine: MachineLimits = field(default_factory=MachineLimits)
    missing_sound: MissingSound = field(default_factory=MissingSound)
    clock: WrongClock = field(default_factory=WrongClock)


_ENCODER = Encoder()
_DECODER = Decoder(Watched)


def watched_text(watched: Watched) -> str:
    """The state as it is written in the view."""
    return _ENCODER.encode(watched).decode()


def read_watched(text: str) -> Watched:
    return _DECODER.decode(text)
