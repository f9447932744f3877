"""Heat and picture shown as one."""

import cv2
import numpy as np
import pytest

from bus_schemas.fusion_settings import FieldsOfView
from bus_schemas.settings import FusionSettings
from edge.analysis.alignment import Alignment
from edge.analysis.fusion import Fusion
from edge.analysis.pictures import Pictures, frame_of
from edge.analysis.render import normalised
from tests.heat import heat, to_bgr

LENSES = FieldsOfView(by="fields_of_view", thermal=(110, 75), visual=(62, 49))
SMALL = (320, 240)


def visual(width: int, height: int) -> np.ndarray:
    coarse = np.random.default_rng(2).integers(20, 235, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


@pytest.mark.parametrize("alignment", [None, LENSES])
@pytest.mark.parametrize(
    ("size", "share"), [((1920, 1080), 0.4), *(((320, 240), share) for share in (0.4, 0.0, 1.0, 0.75))]
)
def test_a_mixed_picture_has_as_much_heat_as_was_set(
    alignment: FieldsOfView | None, size: tuple[int, int], share: float
) -> None:
    laid, wanted = Alignment.of(alignment), FusionSettings(alignment=alignment, thermal_share=share)
    bgr = visual(*size)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    thermal = cv2.warpPerspective(
        normalised(heat()), laid.pixels(size, (32, 24)), size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    plain = (1 - share) * bgr + share * cv2.applyColorMap(thermal, cv2.COLORMAP_INFERNO)
    fused = to_bgr(Fusion(wanted).planes(Pictures().planes(frame_of(bgr)), heat()))

    assert np.abs(fused - plain).mean() < 3


def test_a_fusion_follows_a_change_of_the_picture_s_size() -> None:
    fusion, pictures = Fusion(), Pictures()
    sizes = [(640, 360), (320, 240), (640, 360)]
    shapes = [fusion.planes(pictures.planes(frame_of(visual(*size))), heat()).y.shape for size in sizes]

    assert shapes == [(360, 640), (240, 320), (360, 640)]


def test_without_settings_a_picture_is_six_tenths_visual_and_four_tenths_heat() -> None:
    pictures, bgr = Pictures(), visual(320, 240)
    planes = pictures.planes(frame_of(bgr))

    assert np.array_equal(
        Fusion().planes(planes, heat()).y, Fusion(FusionSettings(thermal_share=0.4)).planes(planes, heat()).y
    )


def test_outlines_of_the_picture_lie_over_the_heat_and_nothing_else_of_it_does() -> None:
    bgr = np.full((240, 320, 3), 60, np.uint8)
    bgr[:, 160:] = 180
    planes = Pictures().planes(frame_of(bgr))
    alone = Fusion(FusionSettings(thermal_share=1.0)).planes(planes, heat()).y.astype(int)
    made = Fusion(FusionSettings(form="edges")).planes(planes, heat())
    brighter = made.y.astype(int) - alone

    assert brighter[:, 156:164].mean() > 60
    assert np.abs(brighter[:, :140]).max() <= 1
    assert np.abs(brighter[:, 180:]).max() <= 1
