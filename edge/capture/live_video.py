"""Sends the video of a camera as fragmented MP4 while somebody watches it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from edge.capture.bitstream import CLOCK, Unit
from edge.capture.fragments import LiveTracks, fragment, initialisation
from edge.capture.live_sound import LiveSound
from edge.capture.mpegts import Layout
from producer.clock import Elapsed, since_boot

FRAGMENT: Final = CLOCK * 12 // 100
"""Length of a message: several pictures share one, so that 25 a second are 8 messages."""
KEYFRAME_EVERY: Final = 2 * CLOCK
"""Between keyframes of pictures that are encoded here, while somebody watches."""
LARGEST_GROUP: Final = 16_000_000
"""Bytes of a keyframe and what follows it; of a camera with more, a new viewer waits for the next one."""

_NEVER_S: Final = float("-inf")

log = structlog.get_logger(__name__)


def discard(message: bytes) -> None:
    """The default of a recorder whose video nobody can watch."""


class LiveVideo:
    """Gets every unit, as soon as it is coded. A message begins at a keyframe with an initialisation segment, or goes
    on with the one before; a new viewer gets everything since the last keyframe at once.

    `watch` is called by another thread than everything else.
    """

    def __init__(self, publish: Callable[[bytes], None] = discard, elapsed: Elapsed = since_boot) -> None:
        self._publish = publish
        self._elapsed = elapsed
        self._watched_until_s = _NEVER_S
        self._is_sending = False
        self._tracks: LiveTracks | None = None
        self._sent_tracks: LiveTracks | None = None
        """Those of the initialisation segment that was sent last."""
        self._sound = LiveSound(None)
        self._group: list[Unit] = []
        self._group_bytes = self._sent = self._number = 0
        self._shift = self._end = 0
        self._decoded = -1

    def watch(self, lease_s: float) -> None:
        """Send for so long from now on."""
        self._watched_until_s = self._elapsed() + lease_s

    @property
    def is_watched(self) -> bool:
        return self._watched_until_s != _NEVER_S and self._elapsed() < self._watched_until_s

    def start(self, layout: Layout) -> None:
        """Begin a run. Its times go on where those of the run before ended."""
        self._flush()
        self._tracks = LiveTracks(layout.codec, layout.width, layout.height, layout.audio_rate)
        self._sound = LiveSound(layout.audio_rate)
        self._group, self._group_bytes, self._sent = [], 0, 0
        self._shift, self._decoded = self._end, -1

    def wants_keyframe(self, pts: int) -> bool:
        """Whether a picture that is encoded here should be one for the sake of those who watch."""
        return self.is_watched and (not self._group or pts - self._group[0].pts >= KEYFRAME_EVERY)

    def add(self, unit: Unit) -> None:
        is_picture = unit.kind == "video"
        if is_picture and unit.keyframe:
            self._flush()
            self._group, self._group_bytes, self._sent = [], 0, 0
        taken = unit if is_picture else self._sound.take(unit)
        if taken is None or not (self._group or (is_picture and unit.keyframe)):
            return
        self._group.append(self._decodable(taken) if is_picture else taken)
        self._group_bytes += len(unit.data)
        if is_picture:
            self._group += self._sound.silence_until(unit.pts, unit.time)
        if self._group_bytes > LARGEST_GROUP:
            self._group, self._group_bytes, self._sent = [], 0, 0
            return
        if not self.is_watched:
            self._is_sending = False
            self._sent = len(self._group)
        elif not self._is_sending:
            self._is_sending, self._sent = True, 0
            self._flush()
        elif unit.pts + unit.duration - self._group[self._sent].pts >= FRAGMENT:
            self._flush()

    def _decodable(self, unit: Unit) -> Unit:
        """A picture with a decoding time that grows, and is not later than the picture is shown."""
        dts = unit.dts
        if not self._decoded < dts <= unit.pts:
            dts = max(min(dts, unit.pts), self._decoded + 1)
        self._decoded = dts
        end = dts + unit.duration + self._shift
        if end > self._end:
            self._end = end
        return unit if dts == unit.dts else unit._replace(dts=dts, pts=max(unit.pts, dts))

    def _flush(self) -> None:
        if not self._is_sending or self._tracks is None or self._sent >= len(self._group):
            return
        begins, units = self._sent == 0, self._group[self._sent :]
        self._sent = len(self._group)
        self._number += 1
        try:
            if message := self._message(units, self._tracks, begins=begins):
                self._publish(message)
        except Exception as error:  # noqa: BLE001 - what a camera sends must not cost the recording its packets
            log.warning("live video cannot be sent", error=repr(error))
            self._watched_until_s = _NEVER_S

    def _message(self, units: list[Unit], tracks: LiveTracks, *, begins: bool) -> bytes:
        """Where sound has come only after the initialisation segment, it waits for the next one."""
        head = b""
        if begins or self._sent_tracks is None:
            self._sent_tracks = self._with_sound(tracks)
            head = initialisation(self._sent_tracks, units[0])
        if self._sent_tracks.audio_rate is None and all(unit.kind == "audio" for unit in units):
            return b""
        return head + fragment(self._number, units, self._sent_tracks, self._shift)

    def _with_sound(self, tracks: LiveTracks) -> LiveTracks:
        """Only where there is some: a player shows nothing while a track is empty."""
        if self._sound.channels is None:
            return replace(tracks, audio_rate=None)
        return replace(tracks, channels=self._sound.channels)
