"""What is assumed of pictures, against recordings of a street and of a room."""

from pathlib import Path

import av
import pytest

from edge.agent.defaults import THUMBNAIL
from edge.analysis.pictures import Pictures, thumbnail
from tests.recordings import PEDESTRIANS, ROOM_VISUAL, recording
from watchpost.sizing.assumptions import CAPTURE_BYTES_PER_PIXEL, THUMBNAIL_BYTES_PER_PIXEL

FACTOR = 2.5
"""A street and a room differ by so much; what is assumed lies between them, or above."""


@pytest.mark.parametrize("name", [PEDESTRIANS, ROOM_VISUAL])
def test_pictures_of_recordings_are_as_large_as_assumed(name: str) -> None:
    capture, small = sizes(recording(name))

    assert CAPTURE_BYTES_PER_PIXEL / FACTOR < capture < CAPTURE_BYTES_PER_PIXEL * 1.2
    assert THUMBNAIL_BYTES_PER_PIXEL / FACTOR < small < THUMBNAIL_BYTES_PER_PIXEL * 1.2


def sizes(file: Path) -> tuple[float, float]:
    """Bytes per pixel of a capture and of a thumbnail."""
    pictures = Pictures()
    with av.open(str(file)) as container:
        picture = next(container.decode(video=0))
        capture = len(pictures.jpeg(picture)) / (picture.width * picture.height)
        return capture, len(thumbnail(pictures.small(picture))) / (THUMBNAIL[0] * THUMBNAIL[1])
