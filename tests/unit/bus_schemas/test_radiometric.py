"""What a thermal frame becomes on its way to the archive, and that it comes back."""

import io
import math
import struct
import tracemalloc
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.radiometric import CONTENT_TYPE, RadiometricFrame, decode, encode, pixels_of
from edge.capture.sources.csv_lines import BadLines, bounded_lines
from edge.capture.sources.thermal_csv import recorded_frames
from tests.recordings import ROOM_THERMAL, recording

ANY_CELSIUS = st.floats(-300, 3000) | st.sampled_from([math.nan, math.inf, -math.inf])
STEPS = st.sampled_from([0.01, 0.02, 0.05, 0.1, 0.5, 1.0])


def frame_of(values: np.ndarray) -> RadiometricFrame:
    rows, columns = values.shape
    return RadiometricFrame(columns, rows, values.ravel().tolist())


@given(st.integers(1, 9), st.integers(1, 9), STEPS, st.data())
def test_a_frame_comes_back_rounded_to_its_step_whatever_is_in_it(
    columns: int, rows: int, step_c: float, data: st.DataObject
) -> None:
    count = columns * rows
    celsius = data.draw(st.lists(ANY_CELSIUS, min_size=count, max_size=count))
    back = decode(encode(RadiometricFrame(columns, rows, celsius), step_c))

    assert (back.columns, back.rows) == (columns, rows)
    for given_c, found in zip(celsius, back.celsius, strict=True):
        assert math.isnan(found) if not math.isfinite(given_c) else abs(found - given_c) <= step_c / 2 + 1e-9


@given(st.integers(1, 6), st.integers(1, 6), STEPS, st.data())
def test_what_came_back_is_encoded_to_the_same_bytes(
    columns: int, rows: int, step_c: float, data: st.DataObject
) -> None:
    celsius = data.draw(st.lists(ANY_CELSIUS, min_size=columns * rows, max_size=columns * rows))
    body = encode(RadiometricFrame(columns, rows, celsius), step_c)

    assert encode(decode(body), step_c) == body


def test_a_frame_of_a_real_sensor_takes_less_than_460_bytes_at_a_tenth_and_780_at_a_hundredth() -> None:
    with recording(ROOM_THERMAL).open(newline="", encoding="utf-8") as file:
        frames = [frame_of(one.temperatures) for one in recorded_frames(bounded_lines(file), BadLines())][::40]

    assert mean(len(encode(frame, 0.1)) for frame in frames) < 460
    assert mean(len(encode(frame, 0.01)) for frame in frames) < 780


def test_a_calm_frame_of_a_quiet_sensor_takes_less_than_300_bytes() -> None:
    calm = np.random.default_rng(1).normal(30, 0.1, (24, 32))

    assert len(encode(frame_of(calm), 0.1)) < 300


def test_a_frame_of_an_older_agent_is_read_as_well() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.full((24, 32), 31.5, np.float16))

    assert decode(buffer.getvalue()) == RadiometricFrame(32, 24, [31.5] * 768)


def test_the_content_type_is_one_that_media_may_have() -> None:
    assert CONTENT_TYPE == "application/vnd.watchpost.thermal-frame"


@given(st.binary(max_size=80))
def test_any_bytes_are_a_frame_or_are_refused(body: bytes) -> None:
    for start in (b"", b"WPT1", b"\x93NUMPY\x01\x00", struct.pack("<4sHHHBIi", b"WPT1", 4, 3, 100, 3, 0, 300)):
        try:
            found = decode(start + body)
        except ValueError:
            continue
        assert len(found.celsius) == found.columns * found.rows


@pytest.mark.parametrize("kept", [0, 3, 12, 17, 60, -1])
def test_a_frame_that_was_cut_off_is_refused(kept: int) -> None:
    body = encode(frame_of(np.random.default_rng(2).normal(30, 0.4, (24, 32))), 0.1)

    with pytest.raises(ValueError, match="thermal frame"):
        decode(body[:kept] if kept >= 0 else body[: len(body) // 2])


def test_a_frame_that_says_to_be_larger_than_any_sensor_is_refused() -> None:
    with pytest.raises(ValueError, match="60000 x 60000 pixels"):
        decode(struct.pack("<4sHHHBIi", b"WPT1", 60_000, 60_000, 100, 0, 0, 0))


def test_what_follows_the_last_pixel_costs_no_memory() -> None:
    frame = RadiometricFrame(2, 1, [20.0, 21.0])
    body = encode(frame, 0.1) + bytes(8_000_000)
    tracemalloc.start()
    back = decode(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert back == frame
    assert peak < 20_000_000


def test_the_pixels_of_a_frame_are_known_from_its_first_bytes() -> None:
    npy = io.BytesIO()
    np.save(npy, np.zeros((24, 32), np.float32))
    packed = encode(frame_of(np.full((6, 8), 20.0)), 0.1)

    assert [pixels_of(body) for body in (npy.getvalue(), packed, packed[:20], b"", b"\x93NUMPY")] == [768, 48, 48, 0, 0]
