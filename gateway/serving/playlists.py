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


def live(pieces: Sequence[PlaylistSegment], place: MediaSequence) -> str:
    """A sliding window: players come back for more."""
    return _playlist(pieces, ["#EXT-X-INDEPENDENT-SEGMENTS"], place, closed=False)


def hour(pieces: Sequence[PlaylistSegment], *, closed: bool) -> str:
    """All of an hour; it grows until it is closed, and only then has an end."""
    return _playlist(pieces, [f"#EXT-X-PLAYLIST-TYPE:{'VOD' if closed else 'EVENT'}"], MediaSequence(), closed=closed)


def span(pieces: Sequence[PlaylistSegment]) -> str:
    return hour(pieces, closed=True)


def is_break(before: PlaylistSegment, after: PlaylistSegment) -> bool:
    """Whether a player must start its decoder anew: after a restart, a hole, or where segments overlap."""
    return after.restarted or abs(after.start - before.end) > TOLERANCE


def _playlist(pieces: Sequence[PlaylistSegment], kind: list[str], place: MediaSequence, *, closed: bool) -> str:
    longest = max((piece.duration_s for piece in pieces), default=1.0)
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{math.ceil(longest)}"]
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{place.sequence}"]
    if place.breaks:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{place.breaks}")
    lines += kind
    before = None
    for piece in pieces:
        broken = before is not None and is_break(before, piece)
        if broken:
            lines.append("#EXT-X-DISCONTINUITY")
        if broken or before is None:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{iso(piece.start)}")
        lines += [f"#EXTINF:{piece.duration_s:.6f},", piece.url]
        before = piece
    if closed:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
