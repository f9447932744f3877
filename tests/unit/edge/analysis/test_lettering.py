"""Text from glyphs."""

import numpy as np
import pytest

from edge.analysis.lettering import Lettering, in_ascii


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


@pytest.mark.parametrize("name", ["Öltank", "Трансформатор", "変圧器", "Μετασχηματιστής"])
def test_names_of_any_script_are_drawn_with_their_own_letters(name: str) -> None:
    lettering = Lettering(14)
    drawn = lettering.image(name)

    assert drawn.max() == 255
    for poorer in (in_ascii(name), "?" * len(name), "?" * len(name.encode())):
        assert not np.array_equal(drawn, lettering.image(poorer))


def test_an_accent_is_drawn_the_same_however_it_was_typed() -> None:
    assert np.array_equal(Lettering(14).image("u\u0308"), Lettering(14).image("ü"))


@pytest.mark.parametrize(("text", "plain"), [("Öltank", "Oltank"), ("Straße", "Strasse"), ("変圧器 2", "??? 2")])
def test_where_a_font_has_ascii_alone_accents_are_left_out(text: str, plain: str) -> None:
    assert in_ascii(text) == plain
