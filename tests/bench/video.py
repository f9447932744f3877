"""How much of a core recording takes."""

import io
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
import psutil
from av.video.frame import VideoFrame

from bus_schemas.footage import Export
from bus_schemas.settings import AdjustableSettings
from consumers.upkeep.exports.order import ExportOrder
from consumers.upkeep.exports.sink import COMMAND
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.recording_events import segment_drafts
from edge.agent.settings import DeviceSettings
from edge.analysis.pictures import Pictures
from edge.analysis.visual import VisualAnalysis
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import video_file
from edge.capture.sources.source import CameraFrame, SourceEnded
from edge.capture.sources.video import VideoSource
from producer.ids import Ids, utc_now
from tests.bench.measure import Measurement, summary, timed
from tests.builders import SITE
from tests.footage import Film, Recorded, keep, muxed
from tests.recordings import PEDESTRIANS, ROOM_VISUAL, recording

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CAMERA_S = 20
CAMERA_FPS = 15
CAMERA_RUNS = 3


def case_segment() -> list[Measurement]:
    """Ten seconds of 320 x 240 at 25 fps (370 kB) and of 1920 x 1080 at 15 fps, from packets to MPEG-TS bytes."""
    with TemporaryDirectory() as folder:
        clips = {"320x240": recording(ROOM_VISUAL), "1920x1080": made_1080p(Path(folder))}
        return [
            summary(
                f"10 s segment {name}",
                [value for _ in range(8) for value in remuxed(path)],
                "conversion, multiplexing, no re-encoding, CPU",
                goal_ms=3,
            )
            for name, path in clips.items()
        ]


def case_camera() -> list[Measurement]:
    """A 1080p 15 fps H.264 camera for 20 s: record all, analyse 5 fps, 2 captures a second and a thumbnail.

    The figure is milliseconds of CPU for one second of video: 150 is 15 % of a core. Transport and the outbox come to
    it. The limit copies and decodes the same file with the same library.
    """
    with TemporaryDirectory() as folder:
        path = made_1080p(Path(folder))
        taken = [(watched(path), copied_and_decoded(path)) for _ in range(CAMERA_RUNS)]
        memory = psutil.Process().memory_info().rss / 1e6
        limit = sorted(each for _, each in taken)[len(taken) // 2]
        found = summary(
            "1080p camera", [each for each, _ in taken], f"CPU ms a second of video; process {memory:.0f} MB"
        )
    return [replace(found, goal_ms=round(1.1 * limit, 1), limit="copied and decoded", limit_ms=round(limit, 1))]


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


def watched(path: Path) -> float:
    """Milliseconds of CPU for a second of video, as the capture thread of an agent takes them."""
    recorder, factory = Recorder(10), EventFactory(SITE, "yard", Ids(utc_now))
    source = VideoSource(
        video_file(str(path), pace=False), lambda: START, lambda _: None, recorder, analysis_fps=5, elapsed=lambda: 0.0
    )
    settings = DeviceSettings.model_validate(
        {"site": SITE, "device": "yard", "visual": {"kind": "file", "path": str(path)}}
    )
    previews = Previews(lambda kind, jpeg: None)
    analysis = VisualAnalysis(factory, settings, AdjustableSettings(), Pictures(), None, previews)
    begun_s = time.process_time()
    source.open()
    try:
        while True:
            reading = source.read()
            if isinstance(reading, CameraFrame):
                analysis.analyse(reading)
            segment_drafts(factory, recorder.take())
    except SourceEnded:
        source.close()
    return (time.process_time() - begun_s) * 1000 / CAMERA_S


def copied_and_decoded(path: Path) -> float:
    """Milliseconds of CPU for a second of video."""
    begun_s, copied = time.process_time(), io.BytesIO()
    with av.open(str(path)) as container, av.open(copied, "w", format="mpegts") as target:
        stream = container.streams.video[0]
        stream.thread_count = 1
        track = target.add_stream_from_template(stream)
        for packet in container.demux(stream):
            packet.decode()
            if packet.dts is not None:
                packet.stream = track
                target.mux_one(packet)
    return (time.process_time() - begun_s) * 1000 / CAMERA_S


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


def made_1080p(folder: Path) -> Path:
    """Pedestrians enlarged, 20 s at 15 fps and 3 Mbit/s, a keyframe every two seconds."""
    path = folder / "camera.mp4"
    with av.open(str(recording(PEDESTRIANS))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=CAMERA_FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", 3_000_000
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "30"}
        for index, frame in zip(range(CAMERA_S * CAMERA_FPS), source.decode(video=0), strict=False):
            enlarged = frame.reformat(1920, 1080)
            # The recording is of 10 fps.
            enlarged.pts, enlarged.time_base = index, Fraction(1, CAMERA_FPS)
            target.mux(stream.encode(enlarged))
        target.mux(stream.encode(None))
    return path
