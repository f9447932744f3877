"""Text from glyphs."""

import numpy as np

from edge.analysis.lettering import Lettering


def test_text_is_white_on_black_and_as_wide_as_its_letters() -> None:
    lettering = Lettering(12)
    short, long = lettering.image("12"), lettering.image("1212")

    assert short.shape[0] == long.shape[0] == lettering.height
    assert long.shape[1] - 4 == 2 * (short.shape[1] - 4)
    assert (short.min(), short.max()) == (0, 255)


def test_text_beyond_the_edge_is_moved_inside() -> None:
    plane = np.full((60, 200), 100, np.uint8)
    x, y, wide, high = Lettering(12).write(plane, "36.6C", (190, 55))

    assert (x + wide, y + high) == (200, 60)
    assert plane[y:, x:].max() == 255
    assert (plane[: y - 1] == 100).all()


def test_text_longer_than_the_plane_is_cut_off() -> None:
    plane = np.zeros((30, 50), np.uint8)

    assert Lettering(12).write(plane, "a very long label indeed", (0, 0))[:3] == (0, 0, 50)


def test_different_texts_differ() -> None:
    lettering = Lettering(14)

    assert not np.array_equal(lettering.image("8"), lettering.image("0"))
