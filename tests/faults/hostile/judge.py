"""What must hold of the good site, whoever was beside it."""

import io
import json
import sys
from pathlib import Path
from statistics import median

import av

from consumers.store.archive.reader import ArchiveReader
from tests.cameras.judge import UNFINISHED_PICTURES, UNFINISHED_S
from tests.cameras.rtsp import Seen
from tests.faults.check import Expected, Verdict, check, rows
from tests.faults.hostile.meter import Meter
from tests.faults.hostile.world import CAMERA, GOOD_SITE
from tests.receivers import Receiver
from watchpost.configuration.config import load
from watchpost.configuration.hubs import hub_config

RECORDED_SHARE = 0.99
LATENCY_S = 0.1
SEGMENT = "watchpost.segment.v1"


def judge_log(config: Path, data: Path, meter: Meter, *, disk_was_full: bool) -> Verdict:
    """Streams, ids, media and views, as after every fault; of hostile devices too what the door let in."""
    expected = Expected(
        ledger=(),
        foreign=meter.sent,
        outboxes=sorted((data / "outbox").glob("*.sqlite")),
        causes={"rejected", "disk_full"} if disk_was_full else {"rejected"},
        rejected=range(sys.maxsize),
        strangers=True,
    )
    return check(hub_config(load(config), data), expected)


def judge_recording(verdict: Verdict, data: Path, seen: Seen) -> float:
    """The share of what the good camera sent that can be played from the archive."""
    assert seen.first_at is not None
    assert seen.last_at is not None
    recorded_s, pictures = _recorded(data)
    sent_s = seen.last_at - seen.first_at
    share = min(recorded_s / (sent_s - UNFINISHED_S), pictures / (seen.pictures - UNFINISHED_PICTURES))
    if share < RECORDED_SHARE:
        missing = f"{recorded_s:.1f} of {sent_s:.1f} s, {pictures} of {seen.pictures} pictures"
        verdict.lose(1, f"the recording of the good camera: {missing}")
    return min(share, 1.0)


def _recorded(data: Path) -> tuple[float, int]:
    source = f"/sites/{GOOD_SITE}/devices/{CAMERA}"
    seconds, pictures = 0.0, 0
    with ArchiveReader(data / "archive") as archive:
        for row in rows(data / "journal"):
            if row.source == source and row.type == SEGMENT:
                segment = json.loads(row.body)["data"]
                seconds += segment["duration_s"]
                body = archive.read(segment["media"][0])
                pictures += 0 if body is None else _pictures(body)
    return seconds, pictures


def _pictures(segment: bytes) -> int:
    with av.open(io.BytesIO(segment), "r") as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def judge_alerts(verdict: Verdict, meter: Meter) -> float:
    """The median latency of an alert in seconds."""
    verdict.lose(len(meter.missed), f"alerts of {meter.missed}")
    if not meter.latencies_s:
        return 0.0
    middle = median(meter.latencies_s)
    if middle > LATENCY_S:
        verdict.differ(1, f"alerts take {middle * 1000:.0f} ms")
    return middle


def judge_receiver(verdict: Verdict, meter: Meter, good: Receiver) -> None:
    """A receiver that answers as it should has every alert, whatever the others answer."""
    missing = not_posted(meter, good)
    verdict.lose(len(missing), f"alerts that the good receiver was not sent, such as {missing[:2]}")


def not_posted(meter: Meter, good: Receiver) -> list[str]:
    """The devices of which an alert was raised and not posted yet."""
    posted = {entry["device"] for body in good.bodies for entry in body.get("grouped", [body])}
    return [device for device in meter.raised if device not in posted]


def judge_processes(verdict: Verdict, states: dict[str, dict[str, object]]) -> None:
    for name, state in states.items():
        if state["restarts"]:
            verdict.differ(1, f"{name} was started again: {state['last_exit']}")
        if state["state"] != "running":
            verdict.differ(1, f"{name} is {state['state']}: {state['last_exit']}")


def judge_answers(verdict: Verdict, answers: dict[str, int]) -> None:
    for path, status in answers.items():
        if status >= 500:
            verdict.differ(1, f"{path} answers {status}")
