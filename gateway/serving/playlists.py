"""Makes HLS playlists (RFC 8216) from recorded segments: real durations, marked holes, real time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bus_schemas.event import iso
from bus_schemas.media import MP4_HEAD_BYTES
from consumers.views.recordings import breaks

MEDIA_TYPE = "application/vnd.apple.mpegurl"
LIVE_SEGMENTS = 10
TABLES_BYTES = 3 * 188
"""The packets with which a transport stream begins: its service, its programs and its streams."""


@dataclass(frozen=True, slots=True)
class PlaylistSegment:
    """A segment that a player can fetch. `restarted` where its recorder did not continue the one before."""

    start: datetime
    duration_s: float
    url: str
    restarted: bool = False
    mp4_bytes: int | None = None
    """The size of one that is fragmented MP4 behind its head; `None` of a transport stream."""

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
    """Whether a player must start its decoder anew."""
    is_other = (before.mp4_bytes is None) != (after.mp4_bytes is None)
    pause_s = (after.start - before.end).total_seconds()
    return breaks.is_break(pause_s, is_restarted=after.restarted, is_other_container=is_other)


def _head(before: PlaylistSegment | None, segment: PlaylistSegment, *, begins: bool) -> list[str]:
    """The bytes that a player reads before it: the head of MP4, or, after MP4, the tables of the transport stream."""
    was_mp4 = before is not None and before.mp4_bytes is not None
    if segment.mp4_bytes is not None and (begins or not was_mp4):
        return [f'#EXT-X-MAP:URI="{segment.url}",BYTERANGE="{MP4_HEAD_BYTES}@0"']
    if segment.mp4_bytes is None and was_mp4:
        return [f'#EXT-X-MAP:URI="{segment.url}",BYTERANGE="{TABLES_BYTES}@0"']
    return []


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
        lines += [*_head(before, segment, begins=broken), f"#EXTINF:{segment.duration_s:.6f},"]
        if segment.mp4_bytes is not None:
            lines.append(f"#EXT-X-BYTERANGE:{segment.mp4_bytes - MP4_HEAD_BYTES}@{MP4_HEAD_BYTES}")
        lines.append(segment.url)
        before = segment
    if closed:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
