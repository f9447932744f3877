"""Tries settings before anybody is told that they hold: the analysis itself takes them, with made-up frames."""

from collections import deque
from datetime import UTC, datetime
from typing import Final

import numpy as np

from edge.agent.adjustable import Adjustable
from edge.analysis import analysis_settings
from edge.analysis.detector import PERSON, Detection
from edge.analysis.motion import MotionDetector
from edge.analysis.picture import PictureAnalyser
from edge.analysis.pictures import THUMBNAIL
from edge.analysis.thermal import SHAPE, ThermalProcessor
from edge.analysis.thermometry import settings_of
from edge.analysis.zones import triggers, zone_of
from edge.capture.sources.reasons import worded

_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BOX: Final = (0.4, 0.4, 0.2, 0.2)


def trouble_with(adjustable: Adjustable) -> str | None:
    """Why the analysis cannot work with these settings; `None` where it can."""
    try:
        _try(adjustable)
    except BaseException as error:  # noqa: BLE001  (whatever it is, these settings are not to be kept)
        return f"these settings cannot be applied: {worded(error)}"
    return None


def _try(adjustable: Adjustable) -> None:
    processor = ThermalProcessor(settings_of(adjustable))
    for level in (20.0, 120.0):
        processor.process(np.full(SHAPE, level, np.float32), _MOMENT)
    width, height = THUMBNAIL
    grey = np.zeros((height, width), np.uint8)
    PictureAnalyser(analysis_settings.picture(adjustable.picture)).look(grey, _MOMENT)
    detector = MotionDetector((width, height), analysis_settings.motion(adjustable.motion))
    deque((detector.look(picture, _MOMENT) for picture in (grey, 255 - grey)), maxlen=0)
    triggers((Detection(PERSON, 1.0, _BOX, "trial"),), adjustable.zones)
    zone_of(_BOX, adjustable.zones)
