"""Tries settings on made-up frames before they are applied."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import numpy as np

from bus_schemas.fusion_settings import AlignmentSettings
from bus_schemas.node import Settings
from bus_schemas.settings import AdjustableSettings, SettingsChange
from edge.agent.defaults import THUMBNAIL
from edge.analysis.alignment import Alignment
from edge.analysis.detection import SCENE, detection_data
from edge.analysis.detector import PERSON, BoundingBox
from edge.analysis.motion import MotionDetector
from edge.analysis.picture import PictureAnalyser
from edge.analysis.render import Caption, thermal_jpeg
from edge.analysis.thermal import SHAPE, ThermalProcessor
from edge.analysis.thermometry import thermal_data
from edge.capture.sources.failure_reasons import describe_error
from edge.capture.sources.source import ThermalFrame
from producer.times import zone_named

_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SPREAD: Final = tuple(
    BoundingBox(PERSON, 1.0, (x / 10, y / 10, 0.1, 0.1), SCENE) for x in range(0, 10, 3) for y in range(0, 10, 3)
)
"""People all over the picture."""


def trouble_with(adjustable: AdjustableSettings) -> str | None:
    """Why the device cannot work with these settings; `None` where it can."""
    if (unknown := _unknown_zone(adjustable)) is not None:
        return unknown
    try:
        Settings(changed_by="trial", settings=adjustable.model_dump(mode="json"))
        _try_thermal(adjustable)
        _try_visual(adjustable)
    except BaseException as error:  # noqa: BLE001  (after any error these settings are not to be kept)
        return f"these settings cannot be applied: {describe_error(error)}"
    return None


def trouble_with_change(change: SettingsChange, changed: AdjustableSettings) -> str | None:
    """The same of settings that somebody asks for. Those that were taken once are not given up for a fault like that of
    points: with it the device still works.
    """
    asked = changed.fusion.alignment if "fusion" in change.model_fields_set else None
    return trouble_with(changed) or _contradiction(asked)


def _contradiction(alignment: AlignmentSettings | None) -> str | None:
    with suppress(ValueError):
        if Alignment.of(alignment).is_of_one_side:
            return None
    return (
        "fusion.alignment: the points contradict each other, or three of them are nearly on one line, so that a part of"
        " the picture would lie behind the sensor; mark them again, farther apart"
    )


def _unknown_zone(adjustable: AdjustableSettings) -> str | None:
    try:
        zone_named(adjustable.place.time_zone or "UTC")
    except ValueError as error:
        return f"{error}, or the time zones of this machine are too old"
    return None


def _try_thermal(adjustable: AdjustableSettings) -> None:
    """Process frames as far as the event and the JPEG."""
    processor = ThermalProcessor(adjustable.thermography, adjustable.measured_rois)
    for level in (-40.0, 20.0, 300.0):
        temperatures = np.full(SHAPE, level, np.float32)
        temperatures[10:14, 10:14] += 30
        reading = processor.process(temperatures, _MOMENT)
        thermal_data(reading, ThermalFrame(_MOMENT, 1, temperatures), (), processor)
    thermal_jpeg(reading.frame, Caption("trial", _MOMENT), processor.rois, reading.regions)


def _try_visual(adjustable: AdjustableSettings) -> None:
    width, height = THUMBNAIL
    grey = np.zeros((height, width), np.uint8)
    adjustable.at(_MOMENT)
    analyser = PictureAnalyser(adjustable.picture)
    detector = MotionDetector((width, height), adjustable.motion, adjustable.zones)
    for picture in (grey, 255 - grey):
        analyser.analyse(picture, _MOMENT)
        detector.analyse(picture, _MOMENT)
    detection_data(_SPREAD, adjustable.zones, SCENE)
