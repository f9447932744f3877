"""Draws thermal pictures of the past, and measures their regions again, as the agent does it live."""

from datetime import UTC, datetime
from typing import Final

import cv2
import numpy as np

from bus_schemas.radiometric import decode
from bus_schemas.settings import AdjustableSettings, Roi, ThermographySettings
from consumers.jpeg import decoded_exactly
from edge.agent.defaults import THUMBNAIL
from edge.analysis.emissivity import corrected, legacy
from edge.analysis.fusion import Fusion
from edge.analysis.pictures import Planes, fitted
from edge.analysis.render import Caption, plain_jpeg, thermal_jpeg
from edge.analysis.thermal import Celsius, ThermalProcessor, ThermalReading
from edge.analysis.thermal_regions import region_values
from edge.analysis.thermal_statistics import gradient
from edge.analysis.transformer import transformer_region
from gateway.serving.thermal_pictures import PictureRequest, RegionTemperatures

TRANSFORMER: Final = "transformer"
_ANY_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)


class EdgeDrawing:
    def picture(self, wanted: PictureRequest) -> bytes:
        celsius, settings = frame_of(wanted.frame), wanted.settings
        reading = _measured(celsius, settings, settings.thermography)
        if reading.frame_stats is None:
            raise ValueError("the sensor gave no value in this frame")
        if wanted.form not in ("thermal", "gradient"):
            return _fused(wanted, reading)
        shown = gradient(reading.frame).magnitude if wanted.form == "gradient" else reading.frame
        if wanted.scale is not None:
            return plain_jpeg(shown, wanted.scale)
        regions = reading.regions if wanted.regions is None else wanted.regions
        if not wanted.with_labels:
            return thermal_jpeg(shown, None)
        return thermal_jpeg(shown, Caption(wanted.site_name, wanted.time), settings.measured_rois, regions)

    def temperatures(self, frame: bytes, settings: AdjustableSettings) -> list[RegionTemperatures]:
        thermography = settings.thermography
        reading = _measured(frame_of(frame), settings, thermography.model_copy(update={"filtered": False}))
        if reading.frame_stats is None:
            return []
        rows = [_region(roi, reading.frame, thermography) for roi in settings.measured_rois if roi.enabled]
        found = transformer_region(reading.frame)
        if found is None:
            return rows
        values = found.min_temp, found.max_temp, found.avg_temp, found.q1_temp, found.q3_temp
        return [*rows, RegionTemperatures(TRANSFORMER, *values, found.detection_confidence)]


def frame_of(body: bytes) -> Celsius:
    """Raises `ValueError`."""
    found = decode(body)
    return np.array(found.celsius, np.float32).reshape(found.rows, found.columns)


def _measured(celsius: Celsius, settings: AdjustableSettings, thermography: ThermographySettings) -> ThermalReading:
    return ThermalProcessor(thermography, settings.measured_rois).process(celsius, _ANY_MOMENT)


def _region(roi: Roi, frame: Celsius, settings: ThermographySettings) -> RegionTemperatures:
    pixels = region_values(roi, frame)
    reflected = settings.reflected_c if roi.reflected_c is None else roi.reflected_c
    is_legacy = settings.emissivity_formula == "legacy"
    surface = legacy(pixels, roi.emissivity) if is_legacy else corrected(pixels, roi.emissivity, reflected)
    q1, q3 = np.percentile(surface, (25, 75))
    values = surface.min(), surface.max(), surface.mean(dtype=float), q1, q3
    return RegionTemperatures(roi.name, *(round(float(value), 2) for value in values))


def _fused(wanted: PictureRequest, reading: ThermalReading) -> bytes:
    if wanted.visual is None:
        raise ValueError("there is no picture of the camera to lay it over")
    fusion = wanted.settings.fusion
    if wanted.form in ("mixed", "edges"):
        fusion = fusion.model_copy(update={"form": wanted.form})
    return Fusion(fusion).jpeg(planes_of(wanted.visual, wanted.visual_size), reading.frame)


def planes_of(jpeg: bytes, camera: tuple[int, int] | None) -> Planes:
    """Without the bars of a thumbnail, where the size of the camera is known. Raises `ValueError`."""
    picture = decoded_exactly(jpeg)
    if picture is None:
        raise ValueError("the picture of the camera cannot be read")
    if camera is not None and picture.shape[:2] == THUMBNAIL[::-1]:
        width, height = fitted(camera, THUMBNAIL)
        left, top = (THUMBNAIL[0] - width) // 4 * 2, (THUMBNAIL[1] - height) // 4 * 2
        picture = picture[top : top + height, left : left + width]
    ycrcb = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2YCrCb)
    height, width = ycrcb.shape[:2]
    half = (width + 1) // 2, (height + 1) // 2
    y, v, u = cv2.split(ycrcb)
    small = (cv2.resize(part, half, interpolation=cv2.INTER_AREA) for part in (u, v))
    return Planes(np.asarray(y, np.uint8), *(np.asarray(part, np.uint8) for part in small))
