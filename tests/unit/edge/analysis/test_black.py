"""Black pictures, and changes of channel."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bus_schemas.settings import PictureSettings
from edge.analysis.black import Black, BlackDetector, edge_density
from edge.analysis.picture import PictureAnalyser
from tests.builders import at

Bytes8 = NDArray[np.uint8]
BLACK = np.zeros((180, 320), np.uint8)


def banner() -> Bytes8:
    """The name of a channel at the bottom of a black picture."""
    picture = BLACK.copy()
    cv2.rectangle(picture, (20, 138), (300, 170), 60, -1)
    cv2.putText(picture, "7 News at ten", (30, 160), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 230, 1)
    return picture


def scene() -> Bytes8:
    coarse = np.random.default_rng(1).integers(30, 220, (12, 20), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_CUBIC), np.uint8)


def found(pictures: list[Bytes8], every_s: float = 0.2, **settings: float) -> list[Black]:
    detector = BlackDetector(PictureSettings(**settings))
    return [detector.analyse(picture, at(number * every_s)) for number, picture in enumerate(pictures)]


def test_only_the_rows_between_top_and_bottom_count_for_black() -> None:
    menu = BLACK.copy()
    menu[140:] = 200
    whole, above = found([menu])[0], found([menu], black_bottom=70)[0]

    assert (whole.blackscreen, whole.percentage) == (False, 77.8)
    assert (above.blackscreen, above.percentage) == (True, 100.0)
    assert found([menu], black_top=50)[0].percentage == 55.6


def test_a_banner_over_black_is_a_zap_until_the_picture_of_the_channel_comes() -> None:
    states = found([scene(), *[BLACK] * 2, *[banner()] * 6, scene(), scene()])

    assert [state.zap for state in states] == [False] * 3 + [True] * 6 + [False] * 2
    assert [state.has_bottom_content for state in states] == [None] + [False] * 2 + [True] * 6 + [None] * 2
    assert 3 < edge_density(banner()[126:]) < 20
    [end] = [state.zap_end for state in states if state.zap_end is not None]
    assert (end.start, end.duration_s, end.frames) == (at(0.2), 1.6, 8)


def test_a_banner_over_black_is_no_freeze_however_still_it_stands() -> None:
    analyser = PictureAnalyser()
    states = [analyser.analyse(banner(), at(number * 0.2)) for number in range(45)]

    assert {state.black.zap for state in states} == {True}
    assert {state.freeze.frozen for state in states} == {False}


def test_what_is_black_for_ten_seconds_is_no_change_of_channel() -> None:
    states = found([banner()] * 60)

    assert [state.zap for state in states] == [True] * 50 + [False] * 10
    assert found([*[banner()] * 60, scene()])[-1].zap_end is None


@pytest.mark.parametrize("bottom", [0, 255])
def test_black_without_a_banner_is_no_zap(bottom: int) -> None:
    picture = BLACK.copy()
    picture[126:] = bottom
    states = found([scene(), *[picture] * 3, scene()])

    assert not any(state.zap for state in states)
    assert states[-1].zap_end is None
