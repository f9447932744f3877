"""Pictures of temperatures."""

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
import simplejpeg

from bus_schemas.settings import FULL_FRAME, Roi
from bus_schemas.thermal import AlertLevel
from edge.analysis.render import BAR, LEVEL_BGR, Caption, coloured, normalised, thermal_jpeg
from edge.analysis.thermal_regions import RegionReader, RegionStatistics
from tests.heat import heat, to_bgr

CAPTION = Caption("HEAD_OFFICE", datetime(2026, 1, 5, 11, 0, tzinfo=UTC))


def read(rois: list[Roi], frame: np.ndarray) -> tuple[RegionStatistics, ...]:
    """Of a frame that no filter changes."""
    hottest = float(frame.max())
    return RegionReader(rois).read(np.stack([frame] * 3), np.sort(frame, None), (hottest, hottest))


def inferno(grey: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    large = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.applyColorMap(large, cv2.COLORMAP_INFERNO), int)


def test_normalised_reaches_from_0_to_255_and_a_flat_frame_is_zeros() -> None:
    assert (normalised(heat()).min(), normalised(heat()).max()) == (0, 255)
    assert not normalised(np.full((24, 32), 30.0, np.float32)).any()


def test_a_frame_with_holes_or_of_nothing_is_still_a_picture() -> None:
    holed, nothing = heat(), np.full((24, 32), np.nan, np.float32)
    holed[3, 3] = np.nan

    assert (normalised(holed)[3, 3], normalised(holed).max()) == (0, 255)
    assert not normalised(nothing).any()
    assert simplejpeg.decode_jpeg(thermal_jpeg(nothing, CAPTION)).shape == (480, 640, 3)


def test_colours_are_those_of_the_plain_inferno_picture() -> None:
    grey = normalised(heat())

    assert np.abs(to_bgr(coloured(grey, (640, 480))) - inferno(grey, (640, 480))).mean() < 2.5


@pytest.mark.parametrize(
    ("level", "temperature"), [("normal", 50), ("warning", 76), ("critical", 86), ("emergency", 96)]
)
def test_a_region_is_boxed_in_the_colour_of_its_level(level: AlertLevel, temperature: float) -> None:
    roi = Roi(name="tank", coordinates=((8, 4), (24, 16)), emissivity=1.0)
    temperatures = np.full((24, 32), 20.0, np.float32)
    temperatures[6:14, 10:22] = temperature
    regions = read([roi], temperatures)
    shown = simplejpeg.decode_jpeg(thermal_jpeg(temperatures, CAPTION, [roi], regions, quality=98), colorspace="BGR")

    assert shown.shape == (480, 640, 3)
    assert np.abs(shown[200, 160:162].astype(int).mean(axis=0) - LEVEL_BGR[level]).mean() < 45
    assert np.abs(shown[318:320, 300].astype(int).mean(axis=0) - LEVEL_BGR[level]).mean() < 45


def test_labels_are_white_on_black_and_the_bar_below_is_darkened() -> None:
    roi = Roi(name="tank", coordinates=((8, 4), (24, 16)), emissivity=1.0)
    regions = read([roi], heat())
    with_label = simplejpeg.decode_jpeg(thermal_jpeg(heat(), CAPTION, [roi], regions), colorspace="GRAY")[:, :, 0]
    plain = cv2.cvtColor(inferno(normalised(heat()), (640, 480)).astype(np.uint8), cv2.COLOR_BGR2GRAY)
    label = with_label[86:98, 166:280]

    assert (label.min(), label.max()) < (30, 255)
    assert label.max() > 220
    assert with_label[-8:].mean() == pytest.approx(plain[-8:].mean() * 0.3, abs=4)
    assert with_label[480 - BAR - 10 : 480 - BAR - 2].mean() == pytest.approx(
        plain[480 - BAR - 10 : 480 - BAR - 2].mean(), abs=4
    )


def test_a_region_that_was_not_read_is_not_drawn() -> None:
    off = FULL_FRAME.model_copy(update={"enabled": False})

    assert thermal_jpeg(heat(), CAPTION, [off], ()) == thermal_jpeg(heat(), CAPTION)


def test_labels_of_regions_that_begin_at_one_place_lie_beside_each_other() -> None:
    rois = [Roi(name=f"part_{number}", coordinates=((4, 18), (12 + number, 24))) for number in range(6)]
    regions = read(rois, heat())
    flat = np.full((24, 32), 20.0, np.float32)
    shown = simplejpeg.decode_jpeg(thermal_jpeg(flat, CAPTION, rois, regions, quality=98), colorspace="GRAY")[:, :, 0]
    # Each label is a black band with white letters: six of them, one below the other.
    bright = (shown[: 480 - BAR, 90:200] > 150).any(axis=1)
    bands = int(np.count_nonzero(np.diff(bright.astype(int)) == 1))

    assert bands >= 6


def test_a_bare_picture_has_neither_labels_nor_a_bar() -> None:
    bare = simplejpeg.decode_jpeg(thermal_jpeg(heat(), None, quality=98), colorspace="BGR").astype(int)

    assert np.abs(bare - inferno(normalised(heat()), (640, 480))).mean() < 2.5
