"""Recordings that are not as a player would wish, written for a test."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.cameras.media import RATE, SIZE, drawn, video

Pts = Callable[[int], int]


def raw(path: Path) -> Path:
    """An elementary stream: no timestamps at all."""
    units = [unit for picture in video().pictures for unit in picture.units]
    path.write_bytes(b"".join(b"\0\0\0\1" + unit for unit in units))
    return path


def mp4(path: Path, pts: Pts = lambda number: number, *, rate: int = RATE, count: int = 100) -> Path:
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"preset": "ultrafast", "x264-params": f"keyint={rate}:scenecut=0"}
        for number in range(count):
            frame: Any = av.VideoFrame.from_ndarray(drawn(number, SIZE), format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = pts(number), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def truncated(path: Path) -> Path:
    """Without the end, where the index of an MP4 is."""
    whole = mp4(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def damaged(path: Path, every: int = 997) -> Path:
    """Single bytes of the pictures are others."""
    data = bytearray(mp4(path).read_bytes())
    start, end = data.find(b"mdat") + 64, data.find(b"moov")
    for place in range(start, end if end > start else len(data), every):
        data[place] ^= 0xFF
    path.write_bytes(data)
    return path


def odd_sound(path: Path) -> Path:
    """Pictures with sound of 20 kHz."""
    with av.open(str(path), "w", format="avi") as container:
        stream: Any = container.add_stream("mjpeg", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        sound: Any = container.add_stream("pcm_s16le", rate=20000, layout="mono")
        for number in range(100):
            frame: Any = av.VideoFrame.from_ndarray(drawn(number, SIZE), format="bgr24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
            tone = (8000 * np.sin(np.arange(2000) / 7)).astype(np.int16)[None, :]
            samples: Any = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            samples.sample_rate, samples.pts, samples.time_base = 20000, number * 2000, Fraction(1, 20000)
            container.mux(sound.encode(samples))
        container.mux(stream.encode(None))
    return path


def text(path: Path) -> Path:
    path.write_text("this is no video\n" * 100)
    return path


def nothing(path: Path) -> Path:
    """Not there at all."""
    return path
