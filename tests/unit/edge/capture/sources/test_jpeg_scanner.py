"""Pictures in what cameras send over HTTP."""

from time import process_time

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.sources.jpeg_scanner import JpegScanner

SHADES = (10, 120, 240)
PICTURES = [
    simplejpeg.encode_jpeg(np.random.default_rng(shade).integers(0, shade, (48, 64, 3)).astype(np.uint8))
    for shade in SHADES
]
THUMBNAIL = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
WITH_THUMBNAIL = (
    PICTURES[0][:2] + b"\xff\xe1" + (len(THUMBNAIL) + 8).to_bytes(2, "big") + b"Exif\0\0" + THUMBNAIL + PICTURES[0][2:]
)


def part(body: bytes, length: int | None = None, boundary: bytes = b"--frame") -> bytes:
    """As a camera wraps it."""
    size = len(body) if length is None else length
    return boundary + b"\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % size + body + b"\r\n"


STREAMS = {
    "as they should be": (b"".join(map(part, PICTURES)), PICTURES),
    "lengths that are too small": (b"".join(part(one, len(one) - 200) for one in PICTURES), PICTURES),
    "lengths that are too large": (b"".join(part(one, len(one) + 5000) for one in PICTURES), PICTURES),
    "a part that is empty": (part(PICTURES[0]) + part(b"") + part(PICTURES[1]), PICTURES[:2]),
    "a part that is text": (part(b"camera busy") + part(PICTURES[1]), PICTURES[1:2]),
    "a part that is noise": (part(bytes(range(256)) * 8) + part(PICTURES[1]), PICTURES[1:2]),
    "a picture that breaks off": (part(PICTURES[2][:900]) + part(PICTURES[1]), PICTURES[1:2]),
    "one that breaks off in its header": (
        part(PICTURES[0][:100]) + part(PICTURES[1]) + part(PICTURES[2]),
        PICTURES[1:],
    ),
    "boundaries without dashes": (b"".join(part(one, boundary=b"frame") for one in PICTURES), PICTURES),
    "nothing between them": (b"".join(PICTURES), PICTURES),
    "a thumbnail inside": (part(WITH_THUMBNAIL), [WITH_THUMBNAIL]),
}


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000], ids=lambda size: f"in pieces of {size}")
@pytest.mark.parametrize(("stream", "expected"), STREAMS.values(), ids=STREAMS.keys())
def test_whole_pictures_are_found_whatever_is_around_them(stream: bytes, expected: list[bytes], size: int) -> None:
    scanner = JpegScanner()
    found = [one for start in range(0, len(stream), size) for one in scanner.feed(stream[start : start + size])]

    assert found[-len(expected) :] == expected
    assert len(found) == len(expected)


def test_pictures_that_break_off_are_counted() -> None:
    scanner = JpegScanner()
    scanner.feed(part(PICTURES[2][:900]) + part(PICTURES[1]))

    assert scanner.cut_short == 1


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_no_bytes_at_all_make_it_fail(pieces: list[bytes]) -> None:
    scanner = JpegScanner()
    for piece in pieces:
        scanner.feed(b"\xff\xd8\xff" + piece)

    many = 70_000 // len(PICTURES[1])
    assert scanner.feed(part(PICTURES[1]) * many + part(PICTURES[2]))[-1] == PICTURES[2]


NOISE = {
    "beginnings": b"\xff\xd8\xff",
    "beginnings and ends": b"\xff\xd8\xff\xd9",
    "tables with broken lengths": b"\xff\xd8\xff\xc4\xff\xff",
    "short segments": b"\xff\xe0\0\2",
    "beginnings in segments": b"\xff\xe0\0\4\xff\xd8",
    "a picture without an end": bytes([7]),
    "fill bytes": b"\xff",
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE.keys())
def test_noise_costs_time_in_proportion_to_its_bytes_and_the_next_picture_is_found(noise: bytes) -> None:
    scanner = JpegScanner()
    scanner.feed(b"\xff\xd8\xff\xda\0\2")
    chunk = noise * (65_536 // len(noise))
    began = process_time()
    for _ in range(100):
        assert scanner.feed(chunk) == []

    # 6.5 MB, at 5 MB a second on a slow machine: these took 5 s and more, and Python's lock as long.
    assert process_time() - began < 1.3
    assert scanner.feed(b"." + part(PICTURES[2]) + part(PICTURES[1]) + part(PICTURES[1]))[-1] == PICTURES[1]
