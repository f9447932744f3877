"""Recorded thermal frames."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from edge.sources.source import SourceEnded, SourceUnreachable
from edge.sources.thermal_csv import ThermalCsvSource
from tests.recordings import ROOM_THERMAL, recording
from tests.simulated import SimulatedClock

HEADER = ",".join(["Time", "RT", *(f"P{n:03d}" for n in range(768))])


def line(time: str, temperature: float, count: int = 768) -> str:
    return ",".join([time, "25.0", *[str(temperature)] * count])


def written(path: Path, *lines: str) -> Path:
    file = path / "thermal.csv"
    file.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    return file


def three(path: Path) -> Path:
    times = ("2020-01-31 12:00:00.0000", "2020-01-31 12:00:00.1250", "2020-01-31 12:00:00.2500")
    return written(path, *(line(time, 20 + index) for index, time in enumerate(times)))


def test_frames_are_paced_as_they_were_recorded_and_then_it_ends(tmp_path: Path) -> None:
    clock = SimulatedClock()
    start = clock.now
    source = ThermalCsvSource(three(tmp_path), clock, clock.pause)
    source.open()
    frames = [source.read() for _ in range(3)]
    with pytest.raises(SourceEnded):
        source.read()
    source.close()

    assert [frame.time - start for frame in frames] == [timedelta(seconds=n / 8) for n in range(3)]
    assert [float(frame.temperatures[23, 31]) for frame in frames] == [20.0, 21.0, 22.0]
    assert clock.waited == pytest.approx([0.125, 0.125])


def test_a_loop_goes_on_in_time_and_sequence(tmp_path: Path) -> None:
    clock = SimulatedClock()
    source = ThermalCsvSource(three(tmp_path), clock, clock.pause, loop=True)
    source.open()
    frames = [source.read() for _ in range(7)]
    source.close()

    assert [frame.sequence for frame in frames] == list(range(1, 8))
    assert np.diff([frame.time.timestamp() for frame in frames]) == pytest.approx([0.125] * 6, abs=1e-3)


def test_bad_lines_are_left_out_and_told_by_their_number(tmp_path: Path) -> None:
    clock = SimulatedClock()
    time = "2020-01-31 12:00:00.0000"
    path = written(
        tmp_path, line(time, 20), line(time, 20, count=700), line("yesterday", 20), line(time, 20) + "x", line(time, 21)
    )
    source = ThermalCsvSource(path, clock, clock.pause)
    source.open()
    frames = [source.read(), source.read()]
    source.close()

    assert [float(frame.temperatures[0, 0]) for frame in frames] == [20.0, 21.0]
    assert [str(bad) for bad in source.bad_lines] == [
        "line 3 has 702 columns instead of 770",
        "line 4: 'yesterday' is no time such as 2020-01-31 12:00:00.0000",
        "line 5: could not convert string to float: '20x'",
    ]


def test_a_file_without_a_frame_ends_even_in_a_loop(tmp_path: Path) -> None:
    clock = SimulatedClock()
    source = ThermalCsvSource(written(tmp_path), clock, clock.pause, loop=True)
    source.open()
    with pytest.raises(SourceEnded):
        source.read()
    source.close()


def test_a_file_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    clock = SimulatedClock()
    with pytest.raises(SourceUnreachable, match="No such file"):
        ThermalCsvSource(tmp_path / "none.csv", clock, clock.pause).open()


def test_the_real_recording_has_846_frames_in_108_seconds() -> None:
    clock = SimulatedClock()
    source = ThermalCsvSource(recording(ROOM_THERMAL), clock, clock.pause)
    source.open()
    frames = [source.read() for _ in range(846)]
    with pytest.raises(SourceEnded):
        source.read()
    source.close()

    assert source.bad_lines == []
    assert (frames[-1].time - frames[0].time).total_seconds() == pytest.approx(108, abs=4)
