"""How much of a core the agent of a camera takes, beside an ffmpeg that copies and decodes what the camera sends."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import av
import psutil
import yaml
from av.bitstream import BitStreamFilterContext

from tests.bench.camera_streams import FPS, H264, H265, CameraStream, made
from tests.bench.measure import Measurement, median, summary
from tests.bench.memory import memory_of
from tests.cameras.case import RtspCase
from tests.cameras.media import START_CODE, Picture, Video
from tests.cameras.script import CLOCK, VIDEO, pictures, reports, together
from tests.cameras.server import Cameras
from tests.eventually import eventually
from tests.product import STARTS_WITHIN_S, Product

SITE, DEVICE, ADDRESS = "HEAD_OFFICE", "ENTRANCE", "ENTRANCE_CAMERA"
AGENT: Final = "edge:"
SETTLES_S, WATCHED_S, RUNS = 20, 60, 3
GOAL, GOAL_MB = 1.1, 150
_NTP_OF_1970: Final = 2_208_988_800


def case_camera_live() -> list[Measurement]:
    """`watchpost up` with one camera of 1080p and 15 fps, as the README configures it, that sends over RTSP.

    The program `ffmpeg` with its default threads watches the same camera at the same time: it copies the packets to
    segments of ten seconds, and decodes them. Figures are milliseconds of CPU of the whole process for a second of
    video, in three minutes that follow each other and begin when both have run for a while. Memory is that of the agent
    at the end.
    """
    if (program := shutil.which("ffmpeg")) is None:
        raise FileNotFoundError("there is no ffmpeg to measure beside: apt-get install ffmpeg")
    with TemporaryDirectory() as folder:
        return [one for stream in (H264, H265) for one in _measured(stream, program, Path(folder) / stream.encoder)]


def _measured(stream: CameraStream, program: str, folder: Path) -> list[Measurement]:
    folder.mkdir()
    video = coded(made(stream, folder))
    with Cameras({"camera": camera(video)}) as cameras:
        address = cameras.address("camera")
        with watched(address, folder / "data") as (_, agent), copied(program, address, folder) as copier:
            runs = list(side_by_side([agent, copier.pid]))
            memory = memory_of(agent)
    ours, limits = ([run[number] for run in runs] for number in (0, 1))
    limit, name = median(limits), f"1080p camera over RTSP, {stream.name}"
    found = summary(name, ours, f"CPU ms a second of video, whole processes, runs of {WATCHED_S} s")
    held = f"PSS of its agent, RSS {memory.rss:.0f} MB"
    return [
        replace(found, goal_ms=round(GOAL * limit, 1), limit="ffmpeg", limit_ms=round(limit, 1)),
        Measurement(f"memory, {stream.name}", 0, 0, 1, held, peak_mb=round(memory.pss, 1), goal_mb=GOAL_MB),
    ]


def coded(path: Path) -> Video:
    """The pictures of an MP4 as a camera sends them, over and over."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        units = BitStreamFilterContext(f"{codec}_mp4toannexb", stream)
        packets = [found for packet in container.demux(stream) if packet.size for found in units.filter(packet)]
        found = [
            Picture(tuple(unit for unit in START_CODE.split(bytes(packet)) if unit), packet.is_keyframe, number)
            for number, packet in enumerate(packets)
        ]
    return Video("h264" if codec == "h264" else "hevc", FPS, tuple(found))


def camera(video: Video) -> RtspCase:
    """It reports what its clock shows, as cameras do."""
    began = time.time() + _NTP_OF_1970
    return RtspCase(
        lambda _: together(pictures(video), reports(CLOCK, VIDEO, lambda at: began + at, every_s=5.0)), video
    )


@contextmanager
def watched(address: str, data: Path) -> Iterator[tuple[Product, int]]:
    """The product that runs with this camera, and the process of its agent."""
    device = {"device": DEVICE, "name": "Entrance", "visual": {"kind": "rtsp", "url_env": ADDRESS}}
    config = data.with_suffix(".yaml")
    config.write_text(yaml.safe_dump({"sites": [{"site": SITE, "name": "Head office", "devices": [device]}]}))
    product = Product(data, ["--config", str(config)], {ADDRESS: address})
    try:
        product.start()
        yield product, eventually(lambda: _agent(product), STARTS_WITHIN_S, "the process of the agent")
    finally:
        product.end()


def _agent(product: Product) -> int | None:
    return next((row["pid"] for name, row in product.processes().items() if name.startswith(AGENT)), None)


@contextmanager
def copied(program: str, address: str, folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    command = [program, "-nostdin", "-v", "error", "-y", "-rtsp_transport", "tcp", "-i", address, "-map", "0:v"]
    command += ["-c", "copy", "-f", "segment", "-segment_time", "10", str(folder / "copied-%d.ts")]
    process = subprocess.Popen([*command, "-map", "0:v", "-f", "null", "-"])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def side_by_side(pids: list[int]) -> Iterator[list[float]]:
    """Milliseconds of CPU a second of each process, run after run."""
    pause, processes = threading.Event(), [psutil.Process(pid) for pid in pids]
    pause.wait(SETTLES_S)
    readings = []
    for number in range(RUNS + 1):
        pause.wait(WATCHED_S if number else 0)
        readings.append([time.monotonic(), *(sum(process.cpu_times()[:2]) for process in processes)])
    for before, after in pairwise(readings):
        yield [
            (late - early) * 1000 / (after[0] - before[0]) for early, late in zip(before[1:], after[1:], strict=True)
        ]
