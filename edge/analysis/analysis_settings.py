"""What people set, in the form in which the analysis takes it."""

from edge.agent import adjustable
from edge.analysis.motion import MotionSettings
from edge.analysis.picture import PictureSettings
from edge.analysis.roi import FULL_FRAME, Roi, Thresholds


def motion(wanted: adjustable.Motion) -> MotionSettings:
    return MotionSettings(sensitivity=wanted.sensitivity, min_area=wanted.min_area)


def picture(wanted: adjustable.Picture) -> PictureSettings:
    return PictureSettings(wanted.black_percentage, wanted.freeze_seconds)


def rois(wanted: tuple[adjustable.Roi, ...]) -> tuple[Roi, ...]:
    """The whole frame where no region is set."""
    return tuple(_roi(roi) for roi in wanted) or (FULL_FRAME,)


def _roi(roi: adjustable.Roi) -> Roi:
    levels = Thresholds(roi.thresholds.warning, roi.thresholds.critical, roi.thresholds.emergency)
    return Roi(roi.name, roi.coordinates, roi.weight, roi.emissivity, levels, roi.enabled)
