"""Draws the recordings of one or several devices side by side into one video, in their own time or as a timelapse."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bus_schemas.media import MAX_PIXELS
from consumers.upkeep.exports.remux import PassingOverContent
from consumers.upkeep.exports.runs import Run, RunSource
from consumers.views.mosaics.lettering import lettering
from consumers.views.recordings.questions import SegmentRow
from producer.times import clock_words, moment_of_seconds

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR."""

GRID_FPS: Final = 10
TIMELAPSE_FPS: Final = 25
KEYFRAMES_FROM: Final = 30
"""So many times as fast, keyframes are enough: others are decoded for nothing."""
HELD_S: Final = 2.0
"""A picture is shown so long, or up to the end of its segment, where none follows."""
LONGEST_HELD_S: Final = 15.0
"""The limit for keyframes alone, which are farther apart, and for a camera that sends few pictures."""
NO_RECORDING: Final = "no recording"
NOT_SHOWN: Final = "recorded, cannot be shown"
"""Its bytes are gone, damaged or out of reach, or nothing decodes them."""
LETTERS: Final = 18
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """The part that is drawn: from `start` to `end`, `speed` times as fast; times are written in `zone`."""

    start: datetime
    end: datetime
    speed: int
    zone: ZoneInfo

    @property
    def fps(self) -> int:
        return GRID_FPS if self.speed == 1 else TIMELAPSE_FPS

    @property
    def pictures(self) -> int:
        return ceil((self.end - self.start).total_seconds() * self.fps / self.speed)

    @property
    def keyframes_only(self) -> bool:
        return self.speed >= KEYFRAMES_FROM

    def moments(self) -> Iterator[float]:
        """The moment of each picture of the video, in seconds since 1970."""
        first, step = self.start.timestamp(), self.speed / self.fps
        return (first + number * step for number in range(self.pictures))


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture, its moment in seconds since 1970, and the end of the segment that it is from."""

    moment: float
    segment_end: float
    frame: VideoFrame

    def is_shown(self, moment: float, held_s: float) -> bool:
        """Whether it is what was to be seen then, although none followed."""
        until = max(self.moment + held_s, min(self.segment_end, self.moment + LONGEST_HELD_S))
        return moment <= until


class DevicePictures:
    """The pictures of one device in the order of time, decoded as they are asked for.

    `recorded` are all of its segments, `drawn` the keys of those that pictures came from.
    """

    def __init__(self, title: str, source: RunSource, recorded: Iterable[SegmentRow], *, keyframes_only: bool) -> None:
        self.title = title
        self._recorded = deque(sorted(recorded, key=lambda row: row.end))
        self.drawn: set[str] = set()
        self._keyframes_only = keyframes_only
        self._held_s = LONGEST_HELD_S if keyframes_only else HELD_S
        self._decoded = self._decode(source)
        self._shown: DecodedPicture | None = None
        self._next = next(self._decoded, None)

    def at(self, moment: float) -> VideoFrame | None:
        """The picture of then; `None` where nothing was recorded. Moments must not go back."""
        while self._next is not None and self._next.moment <= moment:
            self._shown, self._next = self._next, next(self._decoded, None)
        shown = self._shown
        return shown.frame if shown is not None and shown.is_shown(moment, self._held_s) else None

    def reason_at(self, moment: float) -> str:
        """Why there is no picture. Moments must not go back."""
        while self._recorded and self._recorded[0].end <= moment:
            self._recorded.popleft()
        return NOT_SHOWN if self._recorded and self._recorded[0].start <= moment else NO_RECORDING

    def close(self) -> None:
        self._decoded.close()

    def _decode(self, source: RunSource) -> Generator[DecodedPicture]:
        for run in source:
            with PassingOverContent():
                yield from self._of_run(run)

    def _of_run(self, run: Run) -> Iterator[DecodedPicture]:
        with run.opened() as container:
            video = container.streams.video[0]
            if video.codec_context is None:
                raise LookupError("nothing decodes this video")
            video.thread_type = "AUTO"
            video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            if self._keyframes_only:
                video.codec_context.skip_frame = "NONKEY"
            base: float | None = None
            for packet in container.demux(video):
                for frame in _decoded(packet):
                    if frame.time is None:
                        continue
                    base = frame.time if base is None else base
                    place, moment = run.locate(frame.time - base)
                    segment = run.taken[place].row
                    self.drawn.add(segment.key)
                    yield DecodedPicture(moment, segment.end, frame)


def _decoded(packet: Any) -> list[VideoFrame]:
    """None of a packet that is damaged."""
    frames: list[VideoFrame] = []
    with PassingOverContent():
        frames += packet.decode()
    return frames


def render(path: Path, devices: Sequence[DevicePictures], wanted: Rendering, done: Callable[[], None]) -> None:
    """`done` is called after each picture."""
    columns = 1 if len(devices) == 1 else 2 if len(devices) <= 4 else 3
    rows = -(-len(devices) // columns)
    width, height = {1: (1280, 720), 2: (960, 540), 3: (640, 360)}[columns]
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=wanted.fps, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width * columns, height * rows, "yuv420p"
        for number, moment in enumerate(wanted.moments()):
            canvas = np.zeros((height * rows, width * columns, 3), np.uint8)
            for place, device in enumerate(devices):
                top, left = place // columns * height, place % columns * width
                _draw(canvas[top : top + height, left : left + width], device, moment, wanted.zone)
            frame = VideoFrame.from_ndarray(canvas, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, wanted.fps)
            out.mux(stream.encode(frame))
            done()
        out.mux(stream.encode())


def _draw(cell: Picture, device: DevicePictures, moment: float, zone: ZoneInfo) -> None:
    frame = device.at(moment)
    height, width = cell.shape[:2]
    if frame is not None:
        scale = min(width / frame.width, height / frame.height)
        shown = (max(2, int(frame.width * scale) & ~1), max(2, int(frame.height * scale) & ~1))
        picture = frame.reformat(*shown, format="bgr24").to_ndarray()
        top, left = (height - shown[1]) // 2, (width - shown[0]) // 2
        cell[top : top + shown[1], left : left + shown[0]] = picture
    local = moment_of_seconds(moment).astimezone(zone)
    words = f"{device.title}  {clock_words(local)}" + ("" if frame is not None else f"  {device.reason_at(moment)}")
    _write(cell, words)


def _write(cell: Picture, words: str) -> None:
    """At the bottom, white on what is there, darkened."""
    mask = lettering(words, LETTERS, cell.shape[1] - 20)
    height, width = mask.shape
    area = cell[cell.shape[0] - height - 4 : cell.shape[0] - 4, 10 : 10 + width]
    area //= 3
    np.maximum(area, mask[:, :, np.newaxis], out=area)
