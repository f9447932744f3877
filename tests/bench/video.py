"""How much of a core recording takes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import psutil

from edge.analysis.motion import MotionDetector
from edge.analysis.picture import PictureAnalyser
from edge.analysis.pictures import Pictures, thumbnail
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import video_file
from edge.capture.sources.source import CameraFrame, SourceEnded
from edge.capture.sources.video import VideoSource
from tests.bench.measure import Measurement, summary, timed
from tests.recordings import PEDESTRIANS, ROOM_VISUAL, recording

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def case_segment() -> list[Measurement]:
    """Ten seconds of 320 x 240 at 25 fps (370 kB) and of 1920 x 1080 at 15 fps, from packets to MPEG-TS bytes."""
    with TemporaryDirectory() as folder:
        clips = {"320x240": recording(ROOM_VISUAL), "1920x1080": made_1080p(Path(folder))}
        return [
            summary(
                f"10 s segment {name}",
                [value for _ in range(8) for value in remuxed(path)],
                "conversion, multiplexing, no re-encoding",
                goal_ms=5,
            )
            for name, path in clips.items()
        ]


def case_camera() -> list[Measurement]:
    """A 1080p 15 fps H.264 camera for 20 s: record all, analyse 5 fps, a thumbnail each, a capture a second.

    The figure is milliseconds of CPU for one second of video: 150 is 15 % of a core. RTSP's own transport comes to it.
    """
    with TemporaryDirectory() as folder:
        path = made_1080p(Path(folder))
        recorder, start = Recorder(10), time.process_time()
        source = VideoSource(
            video_file(str(path), pace=False),
            lambda: START,
            lambda _: None,
            recorder,
            analysis_fps=5,
            elapsed=lambda: 0.0,
        )
        source.open()
        seconds = watched(source, recorder)
        spent = (time.process_time() - start) * 1000 / seconds
    memory = psutil.Process().memory_info().rss / 1e6
    return [summary("1080p camera", [spent], f"CPU ms a second of video; process {memory:.0f} MB", goal_ms=150)]


def watched(source: VideoSource, recorder: Recorder) -> float:
    pictures, motion, analyser = Pictures(), MotionDetector((1920, 1080)), PictureAnalyser()
    last = START
    try:
        while True:
            reading = source.read()
            if isinstance(reading, CameraFrame):
                small = pictures.small(reading.picture)
                motion.analyse(small.y, reading.time)
                analyser.analyse(small.y, reading.time)
                thumbnail(small)
                if reading.sequence % 5 == 1:
                    pictures.jpeg(reading.picture)
                last = reading.time
            recorder.take()
    except SourceEnded:
        source.close()
    return (last - START).total_seconds()


def remuxed(path: Path) -> list[float]:
    """Milliseconds for each ten seconds; demultiplexing is not counted, every camera needs that."""
    recorder, runs, held = Recorder(10), [], 0.0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        recorder.begin((stream.width, stream.height), stream)
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            moment = START + timedelta(seconds=float(packet.pts * packet.time_base))
            held += timed([given(recorder, packet, moment)])[0]
            for segment in recorder.take():
                runs.append(held * 10 / segment.duration_s)
                held = 0.0
    return runs


def given(recorder: Recorder, packet: Any, moment: datetime) -> Callable[[], None]:
    return lambda: recorder.packet(packet, moment)


def made_1080p(folder: Path) -> Path:
    """Pedestrians enlarged, 20 s at 15 fps and 3 Mbit/s, a keyframe every two seconds."""
    path = folder / "camera.mp4"
    with av.open(str(recording(PEDESTRIANS))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", 3_000_000
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "30"}
        for index, frame in enumerate(source.decode(video=0)):
            if index == 300:
                break
            enlarged = frame.reformat(1920, 1080)
            enlarged.pts = None
            target.mux(stream.encode(enlarged))
        target.mux(stream.encode(None))
    return path
