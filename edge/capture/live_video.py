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
SLOW: Final = CLOCK // 2
"""A picture that lasts so long is sent at once; others wait for the next one, which shows how long they last."""
LARGEST_GROUP: Final = 16_000_000
"""Bytes of a keyframe and what follows it that are kept; of a camera with more, a new viewer waits for the next one."""

_NEVER_S: Final = float("-inf")

log = structlog.get_logger(__name__)


def discard(message: bytes) -> None:
    """The default of a recorder whose video nobody can watch."""


class LiveVideo:
    """Gets every unit, as soon as it is coded. A message begins at a keyframe with an initialisation segment, or goes
    on with the one before; a new viewer gets everything since the last keyframe at once.

    Where a picture begins later than the one before ends, browsers show nothing until the next keyframe, which may be a
    minute away. So a picture waits for the next one, and lasts until then, however irregular the camera is.

    `watch` is called by another thread than everything else.
    """

    def __init__(self, publish: Callable[[bytes], None] = discard, elapsed: Elapsed = since_boot) -> None:
        self._publish = publish
        self._elapsed = elapsed
        self._watched_until_s = _NEVER_S
        self._is_sending = False
        self._is_asked_for_all = False
        self._tracks: LiveTracks | None = None
        self._sent_tracks: LiveTracks | None = None
        """Those of the initialisation segment that was sent last."""
        self._sound = LiveSound(None)
        self._newest: Unit | None = None
        """The picture that waits for the next one."""
        self._until: int | None = None
        """When the picture is decoded that comes behind the group, where that is known."""
        self._group: list[Unit] = []
        """The other units since the last keyframe; where they are too many, since those that were sent."""
        self._is_whole = self._has_begun = False
        """Whether the group begins at its keyframe, and whether there was a keyframe in this run."""
        self._group_bytes = self._sent = self._number = 0
        self._shift = self._end = self._begun = 0
        self._decoded = -1
        self._latest = self._delay = 0
        """When the last of them was taken, and by how much all are shown later than they were taken."""

    def watch(self, lease_s: float, *, from_keyframe: bool = False) -> None:
        """Send for so long from now on; `from_keyframe` once more everything since the last keyframe, for a viewer who
        has not got it.
        """
        self._is_asked_for_all = self._is_asked_for_all or from_keyframe
        self._watched_until_s = self._elapsed() + lease_s

    @property
    def is_watched(self) -> bool:
        return self._watched_until_s != _NEVER_S and self._elapsed() < self._watched_until_s

    def start(self, layout: Layout) -> None:
        """Begin a run. Its times go on where those of the run before ended."""
        self._release(None)
        self._flush()
        self._tracks = LiveTracks(layout.codec, layout.width, layout.height, layout.audio_rate)
        self._sound = LiveSound(layout.audio_rate)
        self._begin_group()
        self._has_begun = False
        self._shift, self._decoded = self._end, -1
        self._latest = self._delay = 0

    def wants_keyframe(self, pts: int) -> bool:
        """Whether a picture that is encoded here should be one for the sake of those who watch."""
        is_known = self._has_begun and self._is_whole
        return self.is_watched and (not is_known or pts - self._begun >= KEYFRAME_EVERY)

    def add(self, unit: Unit) -> None:
        if unit.kind == "video":
            self._add_picture(unit)
        else:
            self._add_sound(unit)
        if self._group_bytes > LARGEST_GROUP:
            self._forget_sent()
        self._send()

    def _add_picture(self, unit: Unit) -> None:
        if not (self._has_begun or unit.keyframe):
            return
        picture = self._decodable(unit)
        self._release(picture.dts)
        if unit.keyframe:
            self._send()
            self._flush()
            self._begin_group()
            self._has_begun, self._begun = True, unit.pts
        self._newest = picture
        if picture.duration >= SLOW:
            self._release(None)

    def _add_sound(self, unit: Unit) -> None:
        # What comes before the first picture says of what form it is.
        at = unit.pts + self._delay
        sound = self._sound.take(unit._replace(pts=at, dts=at))
        if sound is not None and self._has_begun:
            self._insert(len(self._group), sound)

    def _release(self, until: int | None) -> None:
        """The newest picture waits no longer: the next one is decoded at `until`, where that is known."""
        picture, self._newest = self._newest, None
        self._until = until
        if picture is None:
            return
        # A group begins with its keyframe; sound may have come since.
        self._insert(0 if picture.keyframe else len(self._group), picture)
        self._group += self._sound.silence_until(picture.pts, picture.time)

    def _insert(self, place: int, unit: Unit) -> None:
        self._group.insert(place, unit)
        self._group_bytes += len(unit.data)

    def _send(self) -> None:
        """Send what is due after another unit. Nothing can be sent before the keyframe of its group."""
        if self._newest is not None and self._newest.keyframe:
            return
        if not self.is_watched or not (self._is_sending or self._is_whole):
            self._is_sending = False
            self._sent = len(self._group)
            return
        if self._is_asked_for_all and self._is_whole:
            self._is_sending = False
        if not self._is_sending and self._group:
            self._is_sending, self._is_asked_for_all, self._sent = True, False, 0
            self._flush()
        elif self._sent < len(self._group):
            first, last = self._group[self._sent], self._group[-1]
            if last.dts + last.duration - first.dts >= FRAGMENT:
                self._flush()

    def _begin_group(self) -> None:
        self._group, self._group_bytes, self._sent = [], 0, 0
        self._is_whole = True

    def _forget_sent(self) -> None:
        """Who watches goes on; who comes only now has nothing to begin at."""
        self._group = self._group[self._sent :]
        self._group_bytes, self._sent = sum(len(one.data) for one in self._group), 0
        self._is_whole = False

    def _decodable(self, unit: Unit) -> Unit:
        """A picture with a decoding time that grows, and is not later than the picture is shown.

        Where pictures come in another order than they are shown, as with B-frames, all are shown that much later.
        """
        pts, dts = unit.pts, unit.dts
        if pts > self._latest:
            self._latest = pts
        elif self._latest - pts > self._delay:
            self._delay = self._latest - pts
        if self._delay:
            pts, dts = pts + self._delay, pts if unit.keyframe else self._decoded + unit.duration
        if not self._decoded < dts <= pts:
            dts = max(min(dts, pts), self._decoded + 1)
            pts = max(pts, dts)
        self._decoded = dts
        end = pts + unit.duration + self._shift
        if end > self._end:
            self._end = end
        return unit if pts == unit.pts and dts == unit.dts else unit._replace(pts=pts, dts=dts)

    def _flush(self) -> None:
        if not self._is_sending or self._tracks is None or self._sent >= len(self._group):
            return
        begins, units = self._is_whole and self._sent == 0, self._with_end(self._group[self._sent :])
        self._sent = len(self._group)
        try:
            if message := self._message(units, self._tracks, begins=begins):
                self._number += 1
                self._publish(message)
        except Exception as error:  # noqa: BLE001 - what a camera sends must not cost the recording its packets
            log.warning("live video cannot be sent", error=repr(error))
            self._watched_until_s = _NEVER_S

    def _with_end(self, units: list[Unit]) -> list[Unit]:
        """The units, of which the last picture lasts until the next one."""
        last = next((place for place in range(len(units) - 1, -1, -1) if units[place].kind == "video"), None)
        if last is not None and self._until is not None:
            units[last] = units[last]._replace(duration=self._until - units[last].dts)
        return units

    def _message(self, units: list[Unit], tracks: LiveTracks, *, begins: bool) -> bytes:
        """Where sound has come only after the initialisation segment, it waits for the next one."""
        head = b""
        if begins or self._sent_tracks is None:
            self._sent_tracks = self._with_sound(tracks)
            head = initialisation(self._sent_tracks, units[0])
        if self._sent_tracks.audio_rate is None and all(unit.kind == "audio" for unit in units):
            return b""
        return head + fragment(self._number + 1, units, self._sent_tracks, self._shift)

    def _with_sound(self, tracks: LiveTracks) -> LiveTracks:
        """Only where there is some: a player shows nothing while a track is empty."""
        if self._sound.channels is None:
            return replace(tracks, audio_rate=None)
        return replace(tracks, channels=self._sound.channels)
