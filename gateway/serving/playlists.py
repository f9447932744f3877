"""Makes HLS playlists (RFC 8216) from recorded segments: real durations, marked holes, real time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bus_schemas.event import iso

MEDIA_TYPE = "application/vnd.apple.mpegurl"
LIVE_SEGMENTS = 10
TOLERANCE = timedelta(seconds=0.5)
"""Segments follow each other although their clocks are not exact; a longer silence is a hole."""


@dataclass(frozen=True, slots=True)
class PlaylistSegment:
    """A segment that a player can fetch. `restarted` where its recorder did not continue the one before."""

    start: datetime
    duration_s: float
    url: str
    restarted: bool = False

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.duration_s)


@dataclass(frozen=True, slots=True)
class MediaSequence:
    """The media sequence and discontinuity sequence of a playlist; neither ever falls."""

    sequence: int = 0
    breaks: int = 0


def live(segments: Sequence[PlaylistSegment], place: MediaSequence) -> str:
    """A sliding window: players come back for more."""
    return _playlist(segments, ["#EXT-X-INDEPENDENT-SEGMENTS"], place, closed=False)


def recorded(segments: Sequence[PlaylistSegment], *, closed: bool) -> str:
    """All of a time range; it grows until it is closed, and only then has an end."""
    return _playlist(segments, [f"#EXT-X-PLAYLIST-TYPE:{'VOD' if closed else 'EVENT'}"], MediaSequence(), closed=closed)


def is_break(before: PlaylistSegment, after: PlaylistSegment) -> bool:
    """Whether a player must start its decoder anew: after a restart, a hole, or where segments overlap."""
    return after.restarted or abs(after.start - before.end) > TOLERANCE


def _playlist(segments: Sequence[PlaylistSegment], kind: list[str], place: MediaSequence, *, closed: bool) -> str:
    longest = max((segment.duration_s for segment in segments), default=1.0)
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{math.ceil(longest)}"]
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{place.sequence}"]
    if place.breaks:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{place.breaks}")
    lines += kind
    before = None
    for segment in segments:
        broken = before is not None and is_break(before, segment)
        if broken:
            lines.append("#EXT-X-DISCONTINUITY")
        if broken or before is None:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{iso(segment.start)}")
        lines += [f"#EXTINF:{segment.duration_s:.6f},", segment.url]
        before = segment
    if closed:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
