"""What a case of a misbehaving camera is: what it does, and what must come of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.cameras.media import Sound, Video, video
from tests.cameras.script import Script

Part = bytes
Status = Literal["healthy", "degraded", "stale", "stopped", "not_started"]


@dataclass(frozen=True)
class Expected:
    """What must be recorded of a camera, and what its health must say at the end."""

    pictures: float | None = 0.99
    """The share of the pictures that it sent, from the first keyframe on; None where nothing can be recorded."""
    time: float | None = 0.99
    """The share of the time from the first picture to the last one that it sent."""
    status: Status | None = "healthy"
    reason: str = ""
    """A part of the sentence."""
    starts_within_s: float = 4.0
    """From the beginning of the stream to the first recorded picture; of a recording, from the first picture that the
    good camera beside it sent.
    """
    sessions: tuple[int, int] = (1, 1)
    """The least and the most connections that are well."""


NOTHING = Expected(pictures=None, time=None, status=None)


@dataclass(frozen=True)
class RtspCase:
    script: Callable[[int], Script]
    """By the number of the session, from 1."""
    video: Video = field(default_factory=video)
    sound: Sound | None = None
    later_sound: Sound | None = None
    """From the second session on."""
    has_video: bool = True
    has_metadata: bool = False
    """A third track, of what the camera has seen (ONVIF)."""
    forgets_after_s: int | None = None
    """Without a request for so long it ends the session."""
    describes_sets: bool = True
    udp_only: bool = False
    says_nothing: bool = False
    resets_at_play: bool = False
    speaks: bytes | None = None
    """In the place of any answer."""
    status: str = ""
    """With which every request is refused."""
    login: tuple[str, str] | None = None
    challenges: tuple[str, ...] = ('Digest realm="camera", nonce="5a0f3c"',)
    """With which a login is asked for."""
    credentials: str = ""
    """As they stand in the address, with @."""
    options: dict[str, object] = field(default_factory=dict)
    """Further keys of the source's configuration."""
    expected: Expected = Expected()

    def sound_of(self, session: int) -> Sound | None:
        return self.later_sound if session > 1 and self.later_sound else self.sound


@dataclass(frozen=True)
class HttpCase:
    """What follows the request: bytes, each with the seconds after which they are sent, and whether it is a picture."""

    body: Callable[[], AsyncIterator[tuple[bytes, bool]]]
    head: str = (
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n"
    )
    expected: Expected = Expected()


@dataclass(frozen=True)
class FileCase:
    """A recording that is played in a circle, made by `write`."""

    write: Callable[[Path], Path]
    rate: float = 10.0
    expected: Expected = Expected()


Case = RtspCase | HttpCase | FileCase
