"""Recorded thermal frames."""

import os
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.capture.sources.source import SourceEnded, SourceUnreachable
from edge.capture.sources.thermal_csv import ThermalCsvSource
from tests.recordings import ROOM_THERMAL, recording
from tests.simulated_clock import SimulatedClock

TIME = "2020-01-31 12:00:00.0000"
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
        "line 5, column 770: '20x' is no number",
    ]


@pytest.mark.parametrize("content", ["", HEADER, f"{HEADER}\n\n"], ids=["empty", "header", "blank line"])
@pytest.mark.parametrize("loop", [True, False])
def test_a_file_without_a_frame_is_not_a_recording_that_is_over(tmp_path: Path, content: str, *, loop: bool) -> None:
    clock = SimulatedClock()
    path = tmp_path / "thermal.csv"
    path.write_text(content)
    source = ThermalCsvSource(path, clock, clock.pause, loop=loop)
    source.open()
    with closing(source), pytest.raises(SourceUnreachable, match=r"thermal\.csv: it holds no frame"):
        source.read()


def test_a_file_that_is_emptied_while_it_is_played_holds_no_frame(tmp_path: Path) -> None:
    clock = SimulatedClock()
    path = three(tmp_path)
    source = ThermalCsvSource(path, clock, clock.pause, loop=True)
    source.open()
    for _ in range(3):
        source.read()
    path.write_text(HEADER)
    with closing(source), pytest.raises(SourceUnreachable, match=r"thermal\.csv: it holds no frame"):
        source.read()


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


def read_all(path: Path) -> tuple[list[float], ThermalCsvSource]:
    """The first pixel of each frame."""
    clock = SimulatedClock()
    source = ThermalCsvSource(path, clock, clock.pause)
    source.open()
    frames = []
    with closing(source), suppress(SourceEnded):
        while True:
            frames.append(float(source.read().temperatures[0, 0]))
    return frames, source


def raw_line(
    time: str = "2020-01-31 12:00:00.0000", first: str = "20.5", separator: str = ",", rt: str = "25.0"
) -> str:
    return separator.join([time, *([rt] if rt else []), first, *["21.0"] * 767])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"\ufeff{raw_line()}\n".encode(), 20.5),
        (f"\ufeff{HEADER}\n{raw_line()}\n".encode(), 20.5),
        (f"{HEADER}\n{raw_line()}".replace("\n", "\r\n").encode(), 20.5),
        (f"{HEADER}\n{raw_line()}\n".replace(",", ";").encode(), 20.5),
        (f"{HEADER}\n{raw_line(separator=';').replace('.', ',')}\n".encode(), 20.5),
        (raw_line(separator="\t").encode(), 20.5),
        (raw_line(time="2020-01-31T12:00:00").encode(), 20.5),
        (raw_line(time="2020-01-31T12:00:00.5+01:00").encode(), 20.5),
        (raw_line(time="2020-01-31T12:00:00Z").encode(), 20.5),
        (raw_line(time="1580468400.25").encode(), 20.5),
        (raw_line(rt="").encode(), 20.5),
        (f"{raw_line()},\n".encode(), 20.5),
        (raw_line(first='"20.5"').encode(), 20.5),
        (raw_line(first='"20,5"').encode(), 20.5),
        (raw_line(separator="|").encode(), 20.5),
        (f"{HEADER}\n{raw_line()}\n".encode("utf-16"), 20.5),
        (b"\xfe\xff" + raw_line(separator="\t").replace(".", ",").encode("utf-16-be"), 20.5),
    ],
)
def test_a_recording_is_read_in_each_dialect(tmp_path: Path, content: bytes, expected: float) -> None:
    path = tmp_path / "thermal.csv"
    path.write_bytes(content)
    frames, source = read_all(path)

    assert frames == [expected]
    assert source.bad_lines == []


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\xfe" + raw_line().encode(),
        raw_line(first="2\u00b0").encode("latin-1"),
        raw_line(first="x" * 200_000).encode(),
        raw_line().encode() * 40,
        b'"' + raw_line().encode(),
        b"\x00" * 300,
        raw_line(time="1e400").encode(),
    ],
    ids=range(7),
)
def test_one_bad_line_costs_that_line(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "thermal.csv"
    path.write_bytes(
        b"\n".join([HEADER.encode(), raw_line(first="1.5").encode(), bad, raw_line(first="2.5").encode(), b""])
    )
    with capture_logs() as logs:
        frames, source = read_all(path)

    assert frames in ([1.5, 2.5], [1.5, 20.5, 2.5])
    assert len(source.bad_lines) == 3 - len(frames)
    for line in logs:
        assert (line["file"], line["count"]) == (str(path), 1)
        assert "line 3" in line["reason"]


def test_what_is_no_temperature_is_an_invalid_pixel(tmp_path: Path) -> None:
    path = tmp_path / "thermal.csv"
    path.write_text("\n".join(raw_line(first=value) for value in ("nan", "inf", "1e400", "-1e30", "", "20.5")))
    frames, _ = read_all(path)

    assert np.isnan(frames[:5]).all()
    assert frames[5] == 20.5


NAMED_PIXELS = [f"P{n:03d}" for n in range(768)]
RISING = [f"{20 + n / 100:.2f}" for n in range(768)]


def read_one(path: Path, *lines: str) -> tuple[list[float], int]:
    """The pixels of its only frame, and how many lines were left out."""
    clock = SimulatedClock()
    file = path / "thermal.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    with closing(ThermalCsvSource(file, clock, clock.pause)) as source:
        source.open()
        return [round(float(one), 2) for one in source.read().temperatures.ravel()], len(source.bad_lines)


@pytest.mark.parametrize("before", [[], ["# recorded by hand"]])
@pytest.mark.parametrize(
    "names", [["Time", "RT", *NAMED_PIXELS], ["Time", *NAMED_PIXELS, "RT"], ["Time", *NAMED_PIXELS]]
)
def test_pixels_are_where_the_names_of_the_columns_say(tmp_path: Path, names: list[str], before: list[str]) -> None:
    values = dict(zip(NAMED_PIXELS, RISING, strict=True)) | {"Time": TIME, "RT": "99.0"}
    pixels, _ = read_one(tmp_path, *before, ",".join(names), ",".join(values[name] for name in names))

    assert pixels == [float(one) for one in RISING]


@pytest.mark.parametrize("before", [["sep=,"], ["\ufeffsep=,", ""], ["", HEADER], ["sep=,", HEADER, ""]])
def test_the_line_of_a_spreadsheet_and_blank_ones_are_none_that_is_left_out(tmp_path: Path, before: list[str]) -> None:
    assert read_one(tmp_path, *before, line(TIME, 20.5), "") == ([20.5] * 768, 0)


@pytest.mark.parametrize("nothing", ["--", "-", "NA", "n/a", "#N/A", "null", "None", "nan", "inf", ""])
def test_a_pixel_that_is_written_as_without_a_value_costs_itself(tmp_path: Path, nothing: str) -> None:
    pixels, left_out = read_one(tmp_path, HEADER, ",".join([TIME, "25.0", nothing, *["20.5"] * 767]))

    assert (np.isnan(pixels[0]), pixels[1:], left_out) == (True, [20.5] * 767, 0)


def test_a_minus_sign_is_one(tmp_path: Path) -> None:
    assert read_one(tmp_path, ",".join([TIME, "25.0", *["\N{MINUS SIGN}5.5"] * 768]))[0] == [-5.5] * 768


def test_digits_with_underscores_are_no_number(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable, match=r"column 3: '2_0\.5' is no number"):
        read_one(tmp_path, HEADER, ",".join([TIME, "25.0", "2_0.5", *["20.5"] * 767]))


@pytest.mark.parametrize("columns", [66, 194, 769])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_torn_line_as_long_as_one_of_another_sensor_costs_itself(tmp_path: Path, columns: int, at: int) -> None:
    lines = [raw_line() for _ in range(4)]
    lines[at] = ",".join(lines[at].split(",")[:columns])
    path = tmp_path / "thermal.csv"
    path.write_text("\n".join(lines))
    frames, source = read_all(path)

    assert frames == [20.5] * 3
    assert [str(bad) for bad in source.bad_lines] == [f"line {at + 1} has {columns} columns instead of 770"]


def test_a_last_cell_without_a_value_moves_no_other_pixel(tmp_path: Path) -> None:
    path = tmp_path / "thermal.csv"
    path.write_text("\n".join([raw_line(), raw_line().removesuffix("21.0"), raw_line()]))
    frames, source = read_all(path)

    assert frames == [20.5] * 3
    assert source.bad_lines == []


def test_a_file_in_which_every_line_is_bad_says_which_one_and_why(tmp_path: Path) -> None:
    path = tmp_path / "thermal.csv"
    path.write_text("\n".join([HEADER, "a,b", "c,d"]))
    with pytest.raises(SourceUnreachable, match=r"thermal.csv: it holds no frame .*line 2 has 2 columns.*1 more"):
        read_all(path)


@pytest.mark.parametrize("wrong", ["9999-12-31 23:59:59", "0001-01-01 00:00:00", "0001-01-01T00:00:00+23:59", "1e18"])
@pytest.mark.parametrize("at", [0, 2])
def test_a_line_whose_time_cannot_be_costs_that_line_also_in_a_loop(tmp_path: Path, wrong: str, at: int) -> None:
    clock = SimulatedClock()
    start = clock.now
    times = [f"2020-01-31 12:00:0{second}" for second in range(4)]
    times.insert(at, wrong)
    source = ThermalCsvSource(written(tmp_path, *(line(time, 20) for time in times)), clock, clock.pause, loop=True)
    source.open()
    frames = [source.read() for _ in range(8)]
    source.close()

    assert [frame.time - start for frame in frames] == [timedelta(seconds=second) for second in range(8)]
    assert [str(bad)[:8] for bad in source.bad_lines] == [f"line {at + 2}: "]


def test_a_leap_of_years_within_a_recording_ends_nothing(tmp_path: Path) -> None:
    clock = SimulatedClock()
    start = clock.now
    times = ["1970-01-01 00:00:00", "2199-01-01 00:00:00", "1970-01-01 00:00:01", "0.5"]
    source = ThermalCsvSource(written(tmp_path, *(line(time, 20) for time in times)), clock, clock.pause, loop=True)
    source.open()
    frames = [source.read() for _ in range(12)]
    source.close()

    assert all(abs(frame.time - start) < timedelta(minutes=1) for frame in frames)


def test_a_line_that_does_not_end_is_the_end_of_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    path.write_text(f"{HEADER}\n{raw_line()}\n" + "x" * 1_200_000)
    frames, source = read_all(path)

    assert frames == [20.5]
    assert [str(bad) for bad in source.bad_lines] == [
        "line 3 is longer than 1000000 characters; what follows it is not read"
    ]


def test_a_file_that_is_a_line_without_an_end_says_so(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    path.write_bytes(b"\0" * 1_200_000)
    with pytest.raises(
        SourceUnreachable, match=r"endless.csv: it holds no frame .*line 1 is longer than 1000000 characters"
    ):
        read_all(path)


def test_what_may_never_give_a_line_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    clock = SimulatedClock()
    for path, why in ((tmp_path / "fifo", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a directory")):
        with pytest.raises(SourceUnreachable, match=f"it is {why}, not a file"):
            ThermalCsvSource(path, clock, clock.pause).open()


def test_an_address_given_as_a_path_shows_no_password(tmp_path: Path) -> None:
    clock = SimulatedClock()
    with pytest.raises(SourceUnreachable) as lost:
        ThermalCsvSource(Path("http://admin:secret@camera/x"), clock, clock.pause).open()

    assert str(lost.value) == "http://camera/x: No such file or device"
