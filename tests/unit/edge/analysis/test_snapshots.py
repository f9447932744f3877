"""Snapshots: what stands in the picture."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from bus_schemas.snapshot_settings import SnapshotSettings
from edge.analysis.pictures import Planes
from edge.analysis.snapshots import SnapshotTaker

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SIZE = (360, 640)
BERLIN = ZoneInfo("Europe/Berlin")


def coloured() -> Planes:
    half = (SIZE[0] // 2, SIZE[1] // 2)
    return Planes(np.full(SIZE, 120, np.uint8), np.full(half, 60, np.uint8), np.full(half, 200, np.uint8))


def picture(settings: SnapshotSettings, title: str = "Gate", at: datetime = NOON) -> NDArray[np.uint8]:
    """H x W x 3 BGR."""
    taker = SnapshotTaker(title, BERLIN)
    taker.apply(settings, BERLIN)
    shown: NDArray[np.uint8] = simplejpeg.decode_jpeg(taker.jpeg(coloured(), at), colorspace="BGR")
    return shown


def caption_width(shown: NDArray[np.uint8]) -> int:
    """Pixels from the left edge that have no colour, in a row through the caption."""
    row = shown[SIZE[0] - 16].astype(int)
    plain = np.flatnonzero((row.max(axis=1) - row.min(axis=1)) < 40)
    return int(plain.max()) + 1 if len(plain) else 0


def test_a_caption_is_white_on_black_at_the_bottom_left_and_nowhere_else() -> None:
    plain, captioned = picture(SnapshotSettings(caption=False)), picture(SnapshotSettings())
    differs = np.abs(captioned.astype(int) - plain).max(axis=2) > 40
    rows, columns = np.nonzero(differs)

    assert caption_width(plain) == 0
    assert rows.min() > SIZE[0] - 40
    assert columns.max() < SIZE[1] / 2
    box = captioned[SIZE[0] - 24 : SIZE[0] - 10, 12 : caption_width(captioned) - 4]
    assert box.min() < 40
    assert box.max() > 200


def test_name_time_and_text_stand_in_it() -> None:
    widths = [
        caption_width(picture(settings, title))
        for settings, title in (
            (SnapshotSettings(), "Gate"),
            (SnapshotSettings(), "Gate of the yard"),
            (SnapshotSettings(text="Shift B"), "Gate of the yard"),
        )
    ]

    assert widths == sorted(set(widths))


def test_a_device_that_was_given_another_name_writes_that() -> None:
    taker = SnapshotTaker("Gate", BERLIN)
    taker.apply(SnapshotSettings(), BERLIN, "Gate of the yard")
    renamed = simplejpeg.decode_jpeg(taker.jpeg(coloured(), NOON), colorspace="BGR")

    assert np.array_equal(renamed, picture(SnapshotSettings(), "Gate of the yard"))


def test_the_time_is_that_of_the_site() -> None:
    summer = datetime(2026, 7, 5, 11, tzinfo=UTC)
    of_utc = SnapshotTaker("Gate", ZoneInfo("UTC")).jpeg(coloured(), summer + timedelta(hours=2))

    assert np.array_equal(simplejpeg.decode_jpeg(of_utc, colorspace="BGR"), picture(SnapshotSettings(), at=summer))


def test_of_two_equal_times_of_a_day_the_picture_says_which_it_is() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    shown = [picture(SnapshotSettings(), at=first + timedelta(hours=hours)) for hours in range(3)]

    assert caption_width(shown[0]) > caption_width(shown[1]) > caption_width(shown[2])


@pytest.mark.parametrize("title", ["Straße Süd", "門", "x" * 300])
def test_any_name_can_be_drawn(title: str) -> None:
    assert caption_width(picture(SnapshotSettings(), title)) > 100


@pytest.mark.parametrize("size", [(16, 16), (90, 120), (2160, 3840)])
def test_a_picture_of_any_size_can_have_a_caption(size: tuple[int, int]) -> None:
    half = (size[0] // 2, size[1] // 2)
    taker = SnapshotTaker("Gate", BERLIN)
    planes = Planes(np.full(size, 90, np.uint8), np.full(half, 90, np.uint8), np.full(half, 90, np.uint8))

    assert simplejpeg.decode_jpeg_header(taker.jpeg(planes, NOON))[:2] == size
