"""Regions that are polygons: which pixels they have, what is measured of them, and how they are drawn."""

from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bus_schemas.regions import bounds_of
from bus_schemas.settings import FULL_FRAME, Roi, ThermographySettings
from edge.analysis.render import thermal_jpeg
from edge.analysis.thermal import ThermalProcessor, ThermalReading
from edge.analysis.thermal_regions import polygon_pixels, region_values

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
Frame = NDArray[np.float32]
Polygon = tuple[tuple[float, float], ...]
BOX: Polygon = ((8, 6), (16, 6), (16, 12), (8, 12))
UPPER: Polygon = ((0, 0), (32, 0), (0, 24))
LOWER: Polygon = ((32, 0), (32, 24), (0, 24))
RING: Polygon = ((4, 4), (28, 4), (28, 20), (4, 20), (4, 4), (12, 8), (12, 16), (20, 16), (20, 8), (12, 8))
"""With a hole: what two edges enclose twice is outside."""


def region(polygon: Polygon, name: str = "lid", **more: Any) -> Roi:
    return Roi(name=name, coordinates=bounds_of(polygon), polygon=polygon, **more)


def plain_pixels(polygon: Polygon, shape: tuple[int, int]) -> set[int]:
    """By asking OpenCV of the middle of every pixel, one after the other."""
    rows, columns = shape
    contour = np.array(polygon, np.float32)
    return {
        y * columns + x
        for y in range(rows)
        for x in range(columns)
        if cv2.pointPolygonTest(contour, ((x + 0.5) * 32 / columns, (y + 0.5) * 24 / rows), measureDist=False) > 0
    }


def processed(frame: Frame, *rois: Roi) -> ThermalReading:
    return ThermalProcessor(ThermographySettings(filtered=False), rois).process(frame, START)


def scene(shape: tuple[int, int] = (24, 32), seed: int = 7) -> Frame:
    return np.random.default_rng(seed).normal(40, 5, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(24, 32), (120, 160), (62, 80), (7, 5)], ids=str)
@pytest.mark.parametrize("polygon", [((3.1, 2.2), (30.3, 5.7), (17.9, 23.4)), ((1.3, 1.13), (9.7, 1.13), (5.2, 20.6))])
def test_a_pixel_is_in_a_polygon_by_its_middle_on_every_sensor(polygon: Polygon, shape: tuple[int, int]) -> None:
    found = polygon_pixels(region(polygon), shape)

    assert found is not None
    assert set(found.tolist()) == plain_pixels(polygon, shape)


def test_polygons_with_a_common_edge_share_no_pixel_and_leave_none_out() -> None:
    both = [polygon_pixels(region(polygon), (24, 32)) for polygon in (UPPER, LOWER)]

    assert sorted(np.concatenate([found for found in both if found is not None]).tolist()) == list(range(24 * 32))


def test_a_hole_is_not_measured() -> None:
    frame = scene()
    frame[9:15, 13:19] = 120.0

    [ring] = processed(frame, region(RING)).regions

    assert ring.peak_temp < 90


def test_a_polygon_with_the_corners_of_a_rectangle_reads_as_the_rectangle() -> None:
    frame = scene()
    [box, polygon] = processed(
        frame, Roi(name="box", coordinates=((8, 6), (16, 12)), emissivity=0.8), region(BOX, "polygon", emissivity=0.8)
    ).regions

    assert polygon._replace(name="box") == box


def test_what_is_measured_of_a_polygon_beside_others_is_of_its_pixels_alone() -> None:
    frame = scene((120, 160))
    triangle = region(UPPER, emissivity=1.0)
    rois = (FULL_FRAME, triangle, Roi(name="box", coordinates=((8, 6), (16, 12))))
    alone = {one.name: one for one in processed(frame, FULL_FRAME, rois[2]).regions}

    found = {one.name: one for one in processed(frame, *rois).regions}

    values = region_values(triangle, frame)
    assert found["lid"].pixel_count == values.size == len(plain_pixels(UPPER, (120, 160)))
    assert found["lid"].max_temp == pytest.approx(float(values.max()), abs=0.006)
    assert found["lid"].avg_temp == pytest.approx(float(values.mean()), abs=0.006)
    assert found["lid"].median_temp == pytest.approx(float(np.median(values)), abs=0.006)
    assert {name: found[name] for name in alone} == alone


def test_a_polygon_that_is_too_narrow_for_any_pixel_has_one() -> None:
    sliver = region(((31.6, 20), (31.9, 20), (31.9, 20.3)), emissivity=1.0)
    frame = scene()
    frame[20, 31] = 77.0

    [read] = processed(frame, sliver).regions

    assert (read.pixel_count, round(read.max_temp)) == (1, 77)


def test_a_polygon_is_outlined_and_not_boxed() -> None:
    frame = np.full((24, 32), 30.0, np.float32)
    roi = region(((4, 4), (28, 4), (28, 20)), emissivity=1.0)
    reading = processed(frame, roi)
    picture = cv2.imdecode(
        np.frombuffer(thermal_jpeg(frame, None, (roi,), reading.regions), np.uint8), cv2.IMREAD_COLOR
    )
    assert picture is not None
    green = (picture[..., 1].astype(int) - picture[..., 2] > 90) & (picture[..., 1].astype(int) - picture[..., 0] > 90)

    assert green[76:84, 400:520].any(axis=0).mean() > 0.9
    assert green[160:380, 556:564].any(axis=1).mean() > 0.9
    assert not green[300:390, 70:200].any()
