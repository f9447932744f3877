"""An agent of the product, run on cameras, and what it recorded of each."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import yaml

from mosquitto.launcher import free_port
from tests.cameras.case import Case, FileCase, RtspCase
from tests.cameras.server import Cameras
from tests.eventually import eventually
from tests.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
SITE, NODE = "YARD", "cameras"
SEGMENT_S = 4
STARTS_WITHIN_S = 120.0


@dataclass(frozen=True)
class Segment:
    start: datetime
    duration_s: float
    pictures: int
    sounds: int
    size: tuple[int, int]


@dataclass
class Result:
    """What the outbox holds of a device at the end."""

    segments: list[Segment] = field(default_factory=list)
    healths: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Segments of which a player can make nothing: when they began, their size, and why."""

    @property
    def recorded_s(self) -> float:
        return sum(segment.duration_s for segment in self.segments)

    @property
    def span_s(self) -> float:
        if not self.segments:
            return 0.0
        last = self.segments[-1]
        return (last.start + timedelta(seconds=last.duration_s) - self.segments[0].start).total_seconds()

    @property
    def health(self) -> dict[str, Any]:
        """The last before the agent was told to end."""
        return next((one for one in reversed(self.healths) if one["status"] != "stopped"), {})

    @property
    def pictures(self) -> int:
        return sum(segment.pictures for segment in self.segments)

    @property
    def longest_hole_s(self) -> float:
        pairs = zip(self.segments, self.segments[1:], strict=False)
        holes = ((b.start - a.start).total_seconds() - a.duration_s for a, b in pairs)
        return max(holes, default=0.0)


@dataclass
class Agent:
    process: subprocess.Popen[bytes]
    log: Path
    data: Path

    @property
    def outbox(self) -> Path:
        return self.data / "outbox" / f"{NODE}.sqlite"

    def results(self) -> dict[str, Result]:
        """Call it when the agent has ended."""
        results: dict[str, Result] = {}
        bodies: dict[str, bytes] = {}
        with closing(sqlite3.connect(self.outbox)) as outbox:
            rows = outbox.execute("select body, payload from outbox_event order by position").fetchall()
        for body, payload in rows:
            event = json.loads(body)
            device = event["source"].rpartition("/")[2]
            result = results.setdefault(device, Result())
            if event["type"].startswith("watchpost.media."):
                bodies[event["data"]["key"]] = payload
            elif event["type"].startswith("watchpost.segment."):
                try:
                    result.segments.append(_segment(event["data"], bodies))
                except av.error.FFmpegError as error:
                    size = len(bodies[event["data"]["media"][0]])
                    result.unreadable.append(f"{event['data']['start']}, {size} bytes: {error!r}")
            elif event["type"].startswith("watchpost.health."):
                result.healths.append(event["data"])
        return results


def _segment(data: dict[str, Any], bodies: Mapping[str, bytes]) -> Segment:
    pictures, sounds = _packets(bodies[data["media"][0]])
    size = (data["width"], data["height"])
    return Segment(datetime.fromisoformat(data["start"]), data["duration_s"], pictures, sounds, size)


def _packets(segment: bytes) -> tuple[int, int]:
    """How many packets of pictures and of sound a player finds in it."""
    counts = {"video": 0, "audio": 0}
    with av.open(io.BytesIO(segment), "r", format="mpegts") as container:
        for packet in container.demux():
            if packet.size and packet.stream.type in counts:
                counts[packet.stream.type] += 1
    return counts["video"], counts["audio"]


def device(name: str, case: Case, cameras: Cameras, folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Its configuration, and the variables that this names."""
    # What is recorded is looked at: the agent analyses, keeps and previews few pictures beside.
    rates = {"segment_s": SEGMENT_S, "analysis_fps": 1, "capture_fps": 0.1, "thumbnail_fps": 0.1, "live_fps": 0}
    if isinstance(case, FileCase):
        played = {"kind": "file", "path": str(case.write(folder / name))}
        return {"device": name, "visual": played, "rates": rates}, {}
    variable = f"CAMERA_{name.upper()}"
    is_rtsp = isinstance(case, RtspCase)
    credentials = case.credentials if isinstance(case, RtspCase) else ""
    options = case.options if isinstance(case, RtspCase) else {}
    source: dict[str, Any] = {"kind": "rtsp" if is_rtsp else "mjpeg", "url_env": variable, **options}
    return {"device": name, "visual": source, "rates": rates}, {variable: cameras.address(name, credentials)}


def configured(cases: dict[str, Case], cameras: Cameras, folder: Path) -> tuple[Path, dict[str, str]]:
    """A configuration with a device for each case, and the variables that it names."""
    devices: list[dict[str, Any]] = []
    variables: dict[str, str] = {}
    for name, case in cases.items():
        one, needed = device(name, case, cameras, folder)
        devices.append({**one, "node": NODE})
        variables |= needed
    config = folder / "watchpost.yaml"
    config.write_text(yaml.safe_dump({"sites": [{"site": SITE, "devices": devices}]}))
    return config, variables


@contextmanager
def running_agent(cases: dict[str, Case], cameras: Cameras, folder: Path) -> Iterator[Agent]:
    """`watchpost edge` with a device for each case. No broker is there: what it observes stays in its outbox."""
    config, variables = configured(cases, cameras, folder)
    command = [sys.executable, "-m", "watchpost", "edge", "--node", NODE, "--config", str(config)]
    log = folder / "agent.log"
    with log.open("wb") as output:
        process: subprocess.Popen[bytes] = Forked(
            [*command, "--data", str(folder / "data"), "--mqtt-port", str(free_port())],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    agent = Agent(process, log, folder / "data")
    try:
        # A busy machine takes half a minute until it has imported everything.
        eventually(lambda: agent.outbox.exists() or process.poll() is not None, within=STARTS_WITHIN_S)
        yield agent
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def watch(agent: Agent, seconds: float) -> None:
    """Let it run so long, or until it ends by itself."""
    pause = threading.Event()
    for _ in range(round(seconds * 10)):
        if agent.process.poll() is not None:
            return
        pause.wait(0.1)
