"""Cameras that report their time are recorded at the time at which their pictures were taken."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from edge.capture.recorder import Recorder
from edge.capture.segments import RecordedSegment
from edge.capture.sources.inputs import rtsp
from edge.capture.sources.source import StreamReport
from edge.capture.sources.video import VideoSource
from tests.cameras import script
from tests.cameras.case import Case, RtspCase
from tests.cameras.media import video
from tests.cameras.script import Script, Unit, delayed, pictures, reports, together
from tests.cameras.server import Cameras

NTP = 2_208_988_800
"""Seconds from 1900 to 1970."""
LATE_S = 0.3
JITTER_S = 0.04
SETTLED_S = 2.5
RECORDED_S = 6.0
HOUR_S = 3600.0


class Taken:
    """When the first picture of each camera was taken, in seconds since 1970."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}

    def script(self, name: str, error_s: float, rate: float = 10) -> Script:
        """Pictures that come late, and reports of a clock with an error."""
        dice = random.Random(1)
        began = self.first[name] = time.time()
        sent: Iterator[Unit] = delayed(pictures(video(), rate=rate), LATE_S)

        def ntp(at: float) -> float:
            return NTP + began + at + error_s + dice.uniform(-JITTER_S, JITTER_S)

        return together(sent, reports(script.CLOCK, script.VIDEO, ntp, every_s=0.5))

    def error_s(self, name: str, segment: RecordedSegment) -> float:
        """By how much the time of a segment is off: it begins with a keyframe, and there is one a second."""
        return (segment.start.timestamp() - self.first[name] + 0.5) % 1 - 0.5


def recorded(address: str) -> tuple[list[RecordedSegment], list[StreamReport]]:
    recorder = Recorder(target_seconds=1)
    source = VideoSource(rtsp(address), lambda: datetime.now(UTC), threading.Event().wait, recorder)
    source.open()
    ends, found = time.monotonic() + RECORDED_S, []
    while time.monotonic() < ends:
        reading = source.read()
        found += [reading] if isinstance(reading, StreamReport) else []
    source.close()
    return recorder.take(), found


@pytest.fixture(scope="module")
def taken() -> Taken:
    return Taken()


@pytest.fixture(scope="module")
def results(taken: Taken) -> dict[str, tuple[list[RecordedSegment], list[StreamReport]]]:
    """All cameras are recorded side by side. Their pictures are drawn before they begin."""
    video()
    cases: dict[str, Case] = {
        "true": RtspCase(lambda _: taken.script("true", 0.0)),
        "lying": RtspCase(lambda _: taken.script("lying", 2 * HOUR_S)),
    }
    found: dict[str, tuple[list[RecordedSegment], list[StreamReport]]] = {}
    with Cameras(cases) as cameras:
        threads = [
            threading.Thread(target=lambda name=name: found.update({name: recorded(cameras.address(name))}))
            for name in cases
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return found


Results = dict[str, tuple[list[RecordedSegment], list[StreamReport]]]


def test_segments_begin_within_100_ms_of_when_they_were_taken(taken: Taken, results: Results) -> None:
    segments, said = results["true"]
    settled = [one for one in segments if one.start.timestamp() - taken.first["true"] > SETTLED_S]

    assert len(settled) >= 3
    assert [taken.error_s("true", one) for one in settled] == pytest.approx([0.0] * len(settled), abs=0.1)
    assert {one.remark for one in said} == {None}


def test_reports_that_are_hours_off_move_nothing_and_are_named_as_the_clock_of_the_camera(
    taken: Taken, results: Results
) -> None:
    segments, said = results["lying"]
    errors = [taken.error_s("lying", one) for one in segments]

    assert all(abs(one.start.timestamp() - taken.first["lying"]) < 2 * RECORDED_S for one in segments)
    assert errors == pytest.approx([LATE_S] * len(errors), abs=0.1)
    assert [one.remark for one in said] == [
        "its clock is 2 hours ahead; what is recorded has the time of its arrival"
    ] * len(said)
    assert said
    assert [one.clock_error_s for one in said] == pytest.approx([2 * HOUR_S] * len(said), abs=1.0)
    assert {one.complaint for one in said} == {None}
