"""Writes the recordings of a device as MP4 without encoding them again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import av

from consumers.upkeep.exports.footage import LoadedSegment
from consumers.upkeep.exports.runs import Run, RunSource
from consumers.upkeep.exports.timed_packets import CLOCK, TICK, TimedPacket, timed

MP4_CODECS: Final = frozenset({"h264", "hevc", "av1", "mjpeg", "mpeg4", "aac", "mp3", "opus", "ac3"})
"""Codecs that an MP4 file takes and players expect there; sound of another kind is left out."""

SOUND_TRAILS_S: Final = 3.0
"""Sound that comes so long after the pictures that it belongs to is exported with them."""


@dataclass(slots=True)
class Mp4File:
    """A file that was written: which segments it holds, and at which second of it each begins."""

    path: Path
    codec: str
    width: int
    height: int
    first: float | None = None
    """The moment of its first picture, in seconds since 1970."""
    last: float | None = None
    pictures: int = 0
    segments: list[tuple[float, LoadedSegment]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cut:
    """The part that is exported: from the keyframe before `start`, or exactly from there where `exact`, up to `end`."""

    start: datetime
    end: datetime
    exact: bool = False


class PassingOverContent:
    """A recording may hold anything; a part that cannot be used costs only itself. A disk that is full costs the
    export.

    Entered for each packet, therefore no generator.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, av.FFmpegError | LookupError) and not isinstance(error, OSError)


class Mp4Writer:
    """One MP4 file for as long as the camera keeps codec, size and sound; then another one, for a track has one of
    each. While there is no sound, the file goes on without it.
    """

    def __init__(self, name: Callable[[int], Path], cut: Cut) -> None:
        self._name = name
        self._start, self._end = cut.start.timestamp(), cut.end.timestamp()
        self._exact = cut.exact
        self._open: _OpenFile | None = None
        self.files: list[Mp4File] = []

    def write(self, source: RunSource) -> None:
        """Everything of it. A packet that cannot be read costs only itself."""
        try:
            for run in source:
                self._write(run)
        finally:
            self._close()

    def _write(self, run: Run) -> None:
        with PassingOverContent(), run.opened() as container:
            file = self._file_for(container.streams.video[0], next(iter(container.streams.audio), None))
            try:
                self._copy(timed(run, container.demux(*file.inputs)), file)
            finally:
                file.end_run(run)

    def _file_for(self, video: Any, audio: Any) -> "_OpenFile":
        """Raises `LookupError` for video of an unknown codec."""
        context, file = video.codec_context, self._open
        if context is None:
            raise LookupError("nothing decodes this video")
        look = (context.name, context.width, context.height)
        if file is None or not file.takes(look, audio):
            self._close()
            made = Mp4File(self._name(len(self.files)), *look)
            origin = self._start if self._exact and not self.files else None
            file = self._open = _OpenFile(made, video, audio, origin)
            self.files.append(made)
        file.begin_run(video, audio)
        return file

    def _copy(self, packets: Iterable[TimedPacket], file: "_OpenFile") -> None:
        """Up to the end; what lies before the start waits until it is known which keyframe is the last one there. Sound
        may come before the pictures that it belongs to, or after them.
        """
        waiting: list[TimedPacket] = []
        over = self._end + (SOUND_TRAILS_S if len(file.inputs) > 1 else 0.0)
        for one in packets:
            if one.is_video and one.dts_moment >= over:
                break
            if one.dts_moment >= self._end:
                continue
            if file.made.pictures:
                file.put(one)
                continue
            if one.is_keyframe and one.moment <= self._start:
                waiting = [one, *(sound for sound in waiting if not sound.is_video and sound.moment >= one.moment)]
            else:
                waiting.append(one)
            if one.is_video and one.moment > self._start:
                _put_all(waiting, file)
        _put_all(waiting, file)

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


def _put_all(waiting: list[TimedPacket], file: "_OpenFile") -> None:
    for one in waiting:
        file.put(one)
    waiting.clear()


class _OpenFile:
    """An MP4 file that is being written. `origin` is the moment that it begins with: pictures before it are decoded
    and not shown; by default it begins with its first picture.
    """

    def __init__(self, made: Mp4File, video: Any, audio: Any, origin: float | None) -> None:
        self.made = made
        self.inputs: list[Any] = []
        self._origin = origin
        self._out = av.open(str(made.path), "w", format="mp4")
        self._video = self._track(video)
        self._sound = _sound(audio)
        self._audio = None if self._sound is None else self._track(audio)
        self._shift: int | None = None
        self._place = self._written_to = 0
        self._places: set[int] = set()
        """The segments of the run of which it has pictures."""
        self._last_dts: dict[bool, int] = {}

    def takes(self, look: tuple[str, int, int], audio: Any) -> bool:
        """Whether video of this codec and size, and this sound, can go on in its tracks."""
        return look == (self.made.codec, self.made.width, self.made.height) and _sound(audio) in (None, self._sound)

    def _track(self, stream: Any) -> Any:
        track = self._out.add_stream_from_template(stream)
        track.time_base = TICK
        return track

    def begin_run(self, video: Any, audio: Any) -> None:
        self.inputs = [video] if _sound(audio) is None else [video, audio]
        self._shift = None
        self._places.clear()

    def put(self, one: TimedPacket) -> None:
        if self._shift is None and not self._begin(one):
            return
        assert self._shift is not None
        packet, is_video = one.packet, one.is_video
        pts, dts = one.pts + self._shift, one.dts + self._shift
        last = self._last_dts.get(is_video)
        if last is not None and dts <= last:
            dts = last + 1
        self._last_dts[is_video] = dts
        packet.stream = self._video if is_video else self._audio
        packet.pts, packet.dts, packet.duration = max(pts, dts), dts, one.duration
        with PassingOverContent():
            # A piece of sound may be damaged, for one: it is not in the file, and what follows is.
            self._out.mux_one(packet)
            if is_video:
                self._note_picture(one, pts + one.duration)

    def _note_picture(self, one: TimedPacket, end: int) -> None:
        """Count a picture that was written. `end` is in ticks of the file."""
        made = self.made
        self._places.add(one.place)
        made.pictures += 1
        if made.last is None or one.moment > made.last:
            made.last = one.moment
        if end > self._written_to:
            self._written_to = end

    def _begin(self, one: TimedPacket) -> bool:
        """The place of a run follows from its first picture."""
        if not one.is_video:
            return False
        place = self._written_to
        if self.made.first is None:
            self.made.first = one.moment
            if self._origin is not None and one.moment < self._origin:
                place = -round((self._origin - one.moment) * CLOCK)
                self.made.first = self._origin
        self._shift = place - one.pts
        self._place, self._begun = place, one
        return True

    def end_run(self, run: Run) -> None:
        """Write down which segments it holds pictures of."""
        if self._shift is None:
            return
        for place, (stream_s, segment) in enumerate(run.places()):
            if place in self._places:
                at_s = (self._place - self._begun.since_base) / CLOCK + stream_s
                self.made.segments.append((max(0.0, round(at_s, 3)), segment))

    def close(self) -> None:
        self._out.close()


def _sound(audio: Any) -> tuple[Any, ...] | None:
    """`None` where there is no sound, or none that the file takes. A camera may name sound and never send any."""
    context = None if audio is None else audio.codec_context
    if context is None or context.name not in MP4_CODECS or not context.sample_rate:
        return None
    return context.name, context.sample_rate, context.layout.name
