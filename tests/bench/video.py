"""How much of a core recording and exports take."""

import shutil
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

from bus_schemas.footage import Export
from consumers.upkeep.exports.order import ExportOrder
from consumers.upkeep.exports.sink import COMMAND
from edge.capture.recorder import Recorder
from tests.bench.camera_streams import FEW_DETAILS, made
from tests.bench.measure import Measurement, summary, timed
from tests.builders import SITE
from tests.footage import Film, Recorded, keep, muxed
from tests.recordings import ROOM_VISUAL, recording

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def case_segment() -> list[Measurement]:
    """Ten seconds of 320 x 240 at 25 fps (370 kB) and of 1920 x 1080 at 15 fps, from packets to MPEG-TS bytes."""
    with TemporaryDirectory() as folder:
        clips = {"320x240": recording(ROOM_VISUAL), "1920x1080": made(FEW_DETAILS, Path(folder))}
        return [
            summary(
                f"10 s segment {name}",
                [value for _ in range(8) for value in remuxed(path)],
                "conversion, multiplexing, no re-encoding, CPU",
                goal_ms=3,
            )
            for name, path in clips.items()
        ]


def case_export() -> list[Measurement]:
    """An hour of 2 Mbit/s (15 fps, 900 MB in 360 segments) from the archive to an MP4 with its manifest."""
    with TemporaryDirectory() as folder:
        data = Path(folder)
        recorded_hour(data)
        taken = []
        for number in range(3):
            order = export_order(data, number)
            order.directory.mkdir(parents=True)
            taken += timed([partial(export_process, order)])
            shutil.rmtree(order.directory)
    includes = "a process from its start on: reading, SHA-256 of every segment and of the file"
    found = summary("export of an hour", taken, includes, goal_ms=3000)
    return [replace(found, peak_mb=round(getrusage(RUSAGE_CHILDREN).ru_maxrss / 1024, 1))]


def export_process(order: ExportOrder) -> None:
    subprocess.run(COMMAND, input=order.model_dump_json().encode(), check=True)


def export_order(data: Path, number: int) -> ExportOrder:
    asked = Export(
        export_id=f"export-{number}",
        state="asked",
        by="bench",
        start=START,
        end=START + timedelta(hours=1),
        devices=("yard",),
        form="mp4",
    )
    return ExportOrder(data=data, site=SITE, asked=START, export=asked)


def recorded_hour(data: Path) -> None:
    """Ten seconds of noise, over and over, with timestamps that go on."""
    film = Film(start=START, width=640, height=360, fps=15)
    packets = noise(film)
    keep(
        data,
        [
            Recorded("yard", START + timedelta(seconds=10 * n), 10.0, muxed(packets, film, 10 * n), n == 0)
            for n in range(360)
        ],
    )


def noise(film: Film) -> list[Any]:
    """Ten seconds at 2 Mbit/s, a keyframe every two seconds."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = film.width, film.height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 90_000), Fraction(film.fps), 30
    encoder.bit_rate = 2_000_000
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": "nal-hrd=cbr:vbv-bufsize=2000:vbv-maxrate=2000",
    }
    drawn, packets = np.random.default_rng(7), []
    for number in range(10 * film.fps):
        picture = drawn.integers(0, 255, (film.height, film.width, 3), dtype=np.uint8)
        frame = VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = number * 90_000 // film.fps, Fraction(1, 90_000)
        packets += encoder.encode(frame)
    return [*packets, *encoder.encode(None)]


def remuxed(path: Path) -> list[float]:
    """Milliseconds for each ten seconds; demultiplexing is not counted, every camera needs that."""
    recorder, runs = Recorder(10), []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        recorder.begin((stream.width, stream.height), stream, codec=stream.codec_context.name)
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        moments = [START + timedelta(seconds=float((packet.pts or 0) * packet.time_base)) for packet in packets]
        # A look at the clock of the CPU takes as long as a quarter of a packet.
        begun_s = time.process_time()
        for packet, moment in zip(packets, moments, strict=True):
            recorder.packet(packet, moment)
            for segment in recorder.take():
                now_s = time.process_time()
                runs.append((now_s - begun_s) * 10_000 / segment.duration_s)
                begun_s = now_s
    return runs
