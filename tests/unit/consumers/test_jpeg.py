"""Pictures that devices sent are decoded within bounded time and memory."""

import re
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import pytest
import simplejpeg

from bus_schemas.media import MAX_PIXELS
from consumers.jpeg import MAX_SCANS, decoded, decoded_exactly, decoded_grey, size_of
from gateway.serving.scaling import scaled
from gateway.serving.sprite_drawing import fitted, sprite_sheet


def progressive(rows: int, columns: int) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, 10, cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    return cv2.imencode(".jpg", np.full((rows, columns, 3), 128, np.uint8), options)[1].tobytes()


def of_stated_size(rows: int, columns: int) -> bytes:
    """A small picture whose header states another size."""
    jpeg = progressive(64, 64)
    place = jpeg.index(b"\xff\xc2") + 5
    return jpeg[:place] + rows.to_bytes(2) + columns.to_bytes(2) + jpeg[place + 4 :]


def with_scans(count: int) -> bytes:
    """The last scan of a picture again and again."""
    jpeg = progressive(1000, 1000)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + scan * count + jpeg[-2:]


def test_a_picture_is_decoded_at_the_size_that_is_needed() -> None:
    jpeg = simplejpeg.encode_jpeg(np.full((400, 800, 3), 90, np.uint8))
    picture = decoded(jpeg, 90, 160)

    assert size_of(jpeg) == (400, 800)
    assert picture is not None
    assert picture.shape == (100, 200, 3)


@pytest.mark.parametrize(
    "jpeg",
    [of_stated_size(65_000, 65_000), of_stated_size(8_192, MAX_PIXELS // 8_192 + 1), with_scans(2_000)],
    ids=["13 GB", "a little too large", "scan after scan"],
)
def test_what_would_take_all_memory_or_time_is_shown_as_it_is_and_never_decoded(jpeg: bytes) -> None:
    began = process_time()

    assert decoded(jpeg, 90, 160) is None
    assert decoded_exactly(jpeg) is None
    assert decoded_grey(jpeg, 320) is None
    assert scaled(jpeg, 80) == jpeg
    assert sprite_sheet({0: jpeg}) == sprite_sheet({})
    assert fitted(jpeg, 160, 90) == (160, 90)
    assert process_time() - began < 0.2


def test_nothing_else_of_the_hub_decodes_a_picture_that_a_device_sent() -> None:
    sources = [path for package in ("consumers", "gateway", "watchpost") for path in Path(package).rglob("*.py")]
    decoding = {path.as_posix() for path in sources if re.search(r"decode_jpeg|imdecode|imread", path.read_text())}

    assert decoding == {"consumers/jpeg.py"}


def test_a_progressive_picture_is_decoded() -> None:
    assert progressive(1000, 1000).count(b"\xff\xda") < MAX_SCANS
    assert decoded(progressive(1000, 1000), 90, 160) is not None
