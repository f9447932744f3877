"""Recordings that tests draw and encode themselves, so that a clone without any runs them whole."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FPS = 10
WIDTH, HEIGHT = 640, 360
SENSOR_ROWS, SENSOR_COLUMNS = 24, 32
SENSOR_HZ = 4


def draw_clip(path: Path, seconds: int = 20) -> Path:
    """An H.264 clip: two bright figures walk across a textured, slightly noisy ground."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": str(FPS * 2)})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(_picture(number, seconds * FPS), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _picture(number: int, count: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(number).integers(0, 8, (HEIGHT, WIDTH, 3))
    ground = np.indices((HEIGHT, WIDTH)).sum(axis=0) // 12 % 2 * 24 + 90
    picture: NDArray[np.uint8] = (ground[:, :, None] + noise).astype(np.uint8)
    for lane, offset in ((140, 0.0), (230, 0.5)):
        left = int((number / count + offset) % 1.0 * (WIDTH - 40))
        picture[lane : lane + 80, left : left + 32] = 235
    return picture


def draw_thermal(path: Path, seconds: int = 20, degrees: float = 30.0) -> Path:
    """A 24x32 recording at about so many degrees, in which four pixels heat up to 96 °C after a quarter of the time."""
    start = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    generator = np.random.default_rng(7)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Time", "RT", *(f"P{pixel:03d}" for pixel in range(SENSOR_ROWS * SENSOR_COLUMNS))])
        for number in range(seconds * SENSOR_HZ):
            frame = degrees + generator.normal(0, 0.2, (SENSOR_ROWS, SENSOR_COLUMNS))
            if number >= seconds * SENSOR_HZ // 4:
                frame[10:12, 14:16] = 96.0
            at = start + timedelta(seconds=number / SENSOR_HZ)
            writer.writerow([at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-2], "31.0", *(f"{v:.2f}" for v in frame.ravel())])
    return path
