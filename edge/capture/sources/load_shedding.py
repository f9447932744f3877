"""Decides what to leave out of a live stream on a slow machine, so that its pictures are still recorded."""

from typing import Any, Final

from edge.capture.sources.demuxer import Demuxer
from edge.capture.sources.liveness import DamageCount
from producer.clock import Elapsed

ANALYSIS_S: Final = 0.5
SOUND_S: Final = 1.0
DECODING_S: Final = 2.0
CAUGHT_UP_S: Final = 0.25
FEWER_FRAMES_S: Final = 1.0
FEWER_PICTURES_S: Final = 0.2


class LoadShedding:
    """The larger the delay, the more is left out: first most frames are not analysed, then sound is not decoded, then
    only keyframes are decoded of pictures that are recorded as they come, and five per second of JPEGs. Of these, the
    others are lost only where they would be encoded. Everything comes back when the thread has caught up.
    """

    def __init__(self, elapsed: Elapsed, *, only_keyframes: bool = False) -> None:
        """`only_keyframes`: never decode more than these, for nobody looks at the pictures of the stream."""
        self._only_keyframes = only_keyframes
        self._sounds, self._pictures, self._unseen = (DamageCount(elapsed) for _ in range(3))
        self.begin()

    def begin(self) -> None:
        """Reset for a new decoder."""
        self._most_s = 0.0
        self._taken_s = float("-inf")
        self.skips_pictures = False

    def note(self, behind_s: float) -> None:
        """How old the oldest packet is that waits, or how late a recording is played."""
        self._most_s = 0.0 if behind_s < CAUGHT_UP_S else max(self._most_s, behind_s)

    def frame_interval_s(self, wanted_s: float) -> float:
        return max(wanted_s, FEWER_FRAMES_S) if self._most_s >= ANALYSIS_S else wanted_s

    def takes_sound(self) -> bool:
        takes = self._most_s < SOUND_S
        self._sounds.count(damaged=not takes)
        return takes

    def takes_picture(self, demuxer: Demuxer, packet: Any, at_s: float, *, is_passed: bool) -> bool:
        """Whether to decode the packet at all. A decoder resumes other pictures only after a keyframe."""
        if demuxer.codec == "mjpeg":
            return self._takes_jpeg(at_s, is_passed=is_passed)
        skips = is_passed and (self._only_keyframes or self._most_s >= DECODING_S)
        if skips != self.skips_pictures and (skips or packet.is_keyframe):
            self.skips_pictures = skips
            demuxer.skip_to_keyframes(skips)
        self._unseen.count(damaged=self.skips_pictures and not (packet.is_keyframe or self._only_keyframes))
        return True

    def complaint(self) -> str | None:
        return _sentence(self._pictures.share, "its pictures", "left out")

    def remark(self) -> str | None:
        return _sentence(self._sounds.share, "its sound", "left out") or _sentence(
            self._unseen.share, "its pictures", "recorded and not looked at"
        )

    def _takes_jpeg(self, at_s: float, *, is_passed: bool) -> bool:
        takes = self._most_s < DECODING_S or at_s - self._taken_s >= FEWER_PICTURES_S
        if takes:
            self._taken_s = at_s
        (self._unseen if is_passed else self._pictures).count(damaged=not takes)
        return takes


def _sentence(share: float, what: str, fate: str) -> str | None:
    if share <= 0.01:
        return None
    return f"this machine is too slow: {share:.0%} of {what} in the last minute was {fate}"
