"""Pictures and sound from whatever PyAV opens: files, RTSP, MJPEG over HTTP, V4L2 devices."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import av
from av.error import FFmpegError

from edge.recorder import Passing, Recorder
from edge.sources.audio_samples import Resampler, Seconds
from edge.sources.reasons import Attempt, unreachable
from edge.sources.source import Frame, Pause, Reading, SourceEnded, SourceUnreachable, without_credentials
from edge.sources.timeline import TOLERANCE, Timeline
from producer.ids import Clock

_IDLE: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Input:
    """What PyAV opens and how. `pace` holds a file back to the speed at which it was recorded."""

    address: str
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 10.0
    ending: Literal["live", "once", "loop"] = "live"
    pace: bool = False


def video_file(path: str, *, loop: bool = False, pace: bool = True) -> Input:
    return Input(path, ending="loop" if loop else "once", pace=pace)


def rtsp(url: str, timeout_s: float = 10.0) -> Input:
    """TCP, because a lost UDP packet smears pictures until the next keyframe."""
    options = {"rtsp_transport": "tcp", "timeout": str(int(timeout_s * 1_000_000)), "fflags": "nobuffer"}
    return Input(url, options=options, timeout_s=timeout_s)


def mjpeg(url: str, timeout_s: float = 10.0) -> Input:
    return Input(url, format="mpjpeg", options={"use_wallclock_as_timestamps": "1"}, timeout_s=timeout_s)


def v4l2(device: str, size: tuple[int, int] = (1280, 720), fps: int = 15) -> Input:
    """MJPEG from the device: raw pictures of this size do not fit through USB 2."""
    options = {"video_size": f"{size[0]}x{size[1]}", "framerate": str(fps), "input_format": "mjpeg"}
    return Input(device, format="v4l2", options=options)


class VideoSource:
    """One demultiplexing loop: packets go to the recorder, pictures are decoded and handed out `analysis_fps` times a
    second at most. A decoder gets one thread: several cost more in all, and nothing here waits for a single picture.
    """

    def __init__(
        self, source: Input, clock: Clock, pause: Pause, recorder: Recorder | None = None, analysis_fps: float = 5.0
    ) -> None:
        self._input = source
        self._clock = clock
        self._pause = pause
        self._recorder = recorder
        self._every = timedelta(seconds=1 / analysis_fps)
        self._container: Any = None
        self._packets: Iterator[Any] = iter(())
        self._timeline = Timeline(clock, checked=source.ending == "live" or source.pace)
        self._passing = Passing(video=False, audio=False)
        self._ready: deque[Reading] = deque()
        self._resampler = Resampler()
        self._seconds = Seconds()
        self._due: datetime | None = None
        self._sequence = 0
        self._runs = 0
        self._asked_s = 0.0

    def open(self) -> None:
        self.close()
        self._asked_s = time.monotonic()
        try:
            self._container = av.open(
                self._input.address,
                format=self._input.format,
                options=dict(self._input.options),
                timeout=(self._input.timeout_s, self._input.timeout_s),
            )
        except (FFmpegError, OSError) as error:
            raise self._unreachable(error) from None
        if not self._container.streams.video:
            self.close()
            raise SourceUnreachable(f"{without_credentials(self._input.address)} has no video")
        self._container.streams.video[0].codec_context.thread_count = 1
        self._timeline = Timeline(self._clock, checked=self._timeline_checked)
        self._runs = 0
        self._start()

    def read(self) -> Reading | None:
        if self._container is None:
            raise SourceUnreachable(f"{without_credentials(self._input.address)} is not open")
        until = self._clock() + _IDLE
        while not self._ready:
            self._advance()
            if self._clock() >= until:
                return self._ready.popleft() if self._ready else None
        return self._ready.popleft()

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None
            if self._recorder:
                self._recorder.finish()
        self._ready.clear()

    @property
    def _timeline_checked(self) -> bool:
        return self._input.ending == "live" or self._input.pace

    def _start(self) -> None:
        video = self._container.streams.video[0]
        sounds = self._container.streams.audio[:1]
        self._packets = self._container.demux(video, *sounds)
        self._due = None
        self._begin()

    def _begin(self) -> None:
        """A new run of the recording: the first, after a loop, after a jump in time."""
        if self._recorder is None:
            return
        video = self._container.streams.video[0]
        audio = self._container.streams.audio[0] if self._container.streams.audio else None
        self._passing = self._recorder.begin((video.codec_context.width, video.codec_context.height), video, audio)

    def _advance(self) -> None:
        self._asked_s = time.monotonic()
        try:
            packet = next(self._packets)
        except StopIteration:
            self._end()
        except (FFmpegError, OSError) as error:
            raise self._unreachable(error) from None
        else:
            self._take(packet)

    def _end(self) -> None:
        if self._input.ending == "live":
            raise SourceUnreachable(f"{without_credentials(self._input.address)} has ended the stream")
        if self._input.ending == "once":
            if self._recorder:
                self._recorder.finish()
            raise SourceEnded(self._input.address)
        self._container.seek(0)
        video = self._container.streams.video[0]
        rate = float(video.average_rate or 25)
        self._timeline.loop(float((video.start_time or 0) * video.time_base), 1 / rate)
        self._start()

    def _take(self, packet: Any) -> None:
        kind = packet.stream.type
        stamp = packet.pts if packet.pts is not None else packet.dts
        if kind == "video":
            for picture in self._decoded(packet):
                self._picture(picture)
        elif stamp is not None:
            self._hear(packet)
        passes = self._passing.video if kind == "video" else self._passing.audio
        if self._recorder and passes and packet.size and stamp is not None:
            self._recorder.packet(packet, self._time(float(stamp * packet.time_base)))

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            return list(packet.decode())
        except av.error.InvalidDataError:
            return []  # a damaged picture; the next keyframe mends it

    def _picture(self, picture: Any) -> None:
        if picture.pts is None:
            return
        time = self._time(float(picture.pts * picture.time_base))
        if self._input.pace:
            self._wait_for(time)
        if self._recorder and not self._passing.video:
            self._recorder.picture(picture, time)
        if self._due is None or time >= self._due:
            late = self._due is None or time - self._due > self._every
            self._due = (time if late or self._due is None else self._due) + self._every
            self._sequence += 1
            self._ready.append(Frame(time, self._sequence, picture))

    def _hear(self, packet: Any) -> None:
        for sound in self._decoded(packet):
            if sound.pts is None:
                continue
            for part in self._resampler.samples(sound, self._time(float(sound.pts * sound.time_base))):
                if self._recorder and not self._passing.audio:
                    self._recorder.sound(part.samples, part.rate, part.time)
                if second := self._seconds.add(part):
                    self._ready.append(second)

    def _time(self, seconds: float) -> datetime:
        time = self._timeline.time(seconds)
        if self._timeline.restarts != self._runs:
            if self._runs:
                self._begin()
            self._runs = self._timeline.restarts
        return time

    def _wait_for(self, time: datetime) -> None:
        early = (time - self._clock()).total_seconds()
        if early > 0:
            # The clock may have been set back since `time` was made.
            self._pause(min(early, TOLERANCE.total_seconds()))

    def _unreachable(self, error: FFmpegError | OSError) -> SourceUnreachable:
        waited_s = time.monotonic() - self._asked_s
        return unreachable(
            error, Attempt(self._input.address, self._container is not None, waited_s, self._input.timeout_s)
        )
