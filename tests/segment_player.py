"""What a player gets from one MPEG-TS segment and nothing else."""

import io
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.video.frame import VideoFrame

from edge.capture.segments import RecordedSegment


@dataclass(frozen=True)
class Played:
    """Times in seconds of the segment's own timestamps."""

    pictures: list[VideoFrame]
    times: list[float]
    sound_s: float
    sound_start: float | None


def played(segment: RecordedSegment) -> Played:
    with av.open(io.BytesIO(segment.data), "r", format="mpegts") as container:
        assert isinstance(container, InputContainer)
        pictures = list(container.decode(video=0))
    with av.open(io.BytesIO(segment.data), "r", format="mpegts") as container:
        assert isinstance(container, InputContainer)
        sounds = list(container.decode(audio=0)) if container.streams.audio else []
    return Played(
        pictures=pictures,
        times=[float(picture.time or 0.0) for picture in pictures],
        sound_s=sum(sound.samples / sound.sample_rate for sound in sounds),
        sound_start=float(sounds[0].time or 0.0) if sounds else None,
    )
