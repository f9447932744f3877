"""Regions of interest for known types of transformer."""

from collections.abc import Mapping
from typing import Final, Literal

from bus_schemas.settings import FULL_FRAME, Corner, Roi, Thresholds

RoiSet = Literal["distribution_pad_mount", "pole_mounted", "substation"]


def _rois(*given: tuple[str, tuple[Corner, Corner], float, float, float]) -> tuple[Roi, ...]:
    """Name, corners, weight, emissivity, warning; critical and emergency are 10 and 20 degrees above."""
    return tuple(
        Roi(
            name=name,
            coordinates=corners,
            weight=weight,
            emissivity=emissivity,
            thresholds=Thresholds(warning=warning, critical=warning + 10, emergency=warning + 20),
        )
        for name, corners, weight, emissivity, warning in given
    )


_WHOLE = FULL_FRAME.coordinates

ROI_SETS: Final[Mapping[RoiSet, tuple[Roi, ...]]] = {
    "distribution_pad_mount": _rois(
        ("full_frame", _WHOLE, 1.0, 0.95, 75),
        ("top_winding", ((8, 0), (24, 8)), 1.5, 0.95, 80),
        ("middle_core", ((8, 8), (24, 16)), 1.2, 0.8, 75),
        ("bottom_oil", ((8, 16), (24, 24)), 1.0, 0.95, 70),
    ),
    "pole_mounted": _rois(
        ("full_frame", _WHOLE, 1.0, 0.95, 70),
        ("upper_section", ((10, 0), (22, 12)), 1.3, 0.95, 75),
        ("lower_section", ((10, 12), (22, 24)), 1.0, 0.95, 70),
    ),
    "substation": _rois(
        ("full_frame", _WHOLE, 1.0, 0.95, 80),
        ("hv_bushing", ((4, 0), (14, 8)), 1.8, 0.2, 85),
        ("core_area", ((8, 8), (24, 16)), 1.5, 0.8, 85),
        ("lv_bushing", ((18, 0), (28, 8)), 1.8, 0.2, 85),
        ("cooling_system", ((0, 16), (32, 24)), 1.0, 0.9, 75),
    ),
}
