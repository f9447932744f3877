"""Draws the recordings of one or several devices side by side into one video, in their own time or as a timelapse."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from consumers.upkeep.exports.runs import Run, RunSource
from producer.times import moment_of_seconds

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR."""

GRID_FPS: Final = 10
TIMELAPSE_FPS: Final = 25
KEYFRAMES_FROM: Final = 30
"""So many times as fast, keyframes are enough: others are decoded for nothing."""
HELD_S: Final = 2.0
"""A picture is shown so long at most where none follows; of keyframes alone longer, for they are farther apart."""
HELD_KEYFRAME_S: Final = 15.0
NO_RECORDING: Final = "no recording"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is drawn: from `start` to `end`, `speed` times as fast; times are written in `zone`."""

    start: datetime
    end: datetime
    speed: int
    zone: ZoneInfo

    @property
    def fps(self) -> int:
        return GRID_FPS if self.speed == 1 else TIMELAPSE_FPS

    @property
    def keyframes_only(self) -> bool:
        return self.speed >= KEYFRAMES_FROM

    def moments(self) -> Iterator[float]:
        """The moment of each picture of the video, in seconds since 1970."""
        first, last, step, number = self.start.timestamp(), self.end.timestamp(), self.speed / self.fps, 0
        while (moment := first + number * step) < last:
            yield moment
            number += 1


class DevicePictures:
    """The pictures of one device in the order of time, decoded as they are asked for."""

    def __init__(self, title: str, source: RunSource, *, keyframes_only: bool) -> None:
        self.title = title
        self._keyframes_only = keyframes_only
        self._decoded = self._decode(source)
        self._shown: tuple[float, VideoFrame] | None = None
        self._next = next(self._decoded, None)

    def at(self, moment: float) -> VideoFrame | None:
        """The picture of then; `None` where nothing was recorded. Moments must not go back."""
        while self._next is not None and self._next[0] <= moment:
            self._shown, self._next = self._next, next(self._decoded, None)
        if self._shown is None:
            return None
        held = HELD_KEYFRAME_S if self._keyframes_only else HELD_S
        return self._shown[1] if moment - self._shown[0] <= held else None

    def close(self) -> None:
        self._decoded.close()

    def _decode(self, source: RunSource) -> "Any":
        for run in source:
            try:
                yield from self._of_run(run)
            except (av.FFmpegError, IndexError):
                continue

    def _of_run(self, run: Run) -> Iterator[tuple[float, VideoFrame]]:
        with run.opened() as container:
            video = container.streams.video[0]
            video.thread_type = "AUTO"
            if self._keyframes_only:
                video.codec_context.skip_frame = "NONKEY"
            base: float | None = None
            for frame in container.decode(video):
                if frame.time is None:
                    continue
                base = frame.time if base is None else base
                yield run.wall(frame.time - base), frame


def render(path: Path, devices: Sequence[DevicePictures], wanted: Rendering) -> int:
    """The number of pictures."""
    columns = 1 if len(devices) == 1 else 2 if len(devices) <= 4 else 3
    rows = -(-len(devices) // columns)
    width, height = {1: (1280, 720), 2: (960, 540), 3: (640, 360)}[columns]
    written = 0
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=wanted.fps, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width * columns, height * rows, "yuv420p"
        for moment in wanted.moments():
            canvas = np.zeros((height * rows, width * columns, 3), np.uint8)
            for place, device in enumerate(devices):
                top, left = place // columns * height, place % columns * width
                _draw(canvas[top : top + height, left : left + width], device, moment, wanted.zone)
            frame = VideoFrame.from_ndarray(canvas, format="bgr24")
            frame.pts, frame.time_base = written, Fraction(1, wanted.fps)
            out.mux(stream.encode(frame))
            written += 1
        out.mux(stream.encode())
    return written


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
    words = f"{device.title}  {local:%Y-%m-%d %H:%M:%S}" + ("" if frame is not None else f"  {NO_RECORDING}")
    _write(cell, words.encode("ascii", "replace").decode())


def _write(cell: Picture, words: str) -> None:
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(
            cell, words, (10, cell.shape[0] - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, thickness, cv2.LINE_AA
        )
