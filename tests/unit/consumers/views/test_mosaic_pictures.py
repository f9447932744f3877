"""The picture of a minute: its bytes, the grid of its cells, and the names in it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from pydantic_core import from_json

from bus_schemas.event import Event
from consumers.engine.rebuild.compare import verify
from consumers.hub_config import Mosaic
from consumers.jpeg import Picture
from consumers.views.mosaics.encoding import Around, CellGrid, CellPicture, EncodedTile, encode, encoded_rows
from consumers.views.mosaics.layout import Grid, SiteLayout, cell_size, cells, grid, size, whole_blocks
from consumers.views.mosaics.lettering import lettering
from consumers.views.mosaics.questions import tile
from consumers.views.mosaics.workers import Workers
from tests.builders import at, frame, registry, tick
from tests.following import Followed
from tests.minute_site import GREEN, MINUTE, RED, Site

SCENES = {
    "noise": np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8),
    "stripes": np.tile(np.arange(1200, dtype=np.uint8)[None, :, None] * 7, (900, 1, 3)).copy(),
    "soft": cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (900, 1200, 3), np.uint8), (0, 0), 3),
    "black": np.zeros((900, 1200, 3), np.uint8),
    "noise below": np.concatenate(
        [np.zeros((600, 1200, 3), np.uint8), np.random.default_rng(3).integers(0, 256, (300, 1200, 3), np.uint8)]
    ),
}


WORKERS = Workers()


def cut(scene: Picture, columns: int = 3, rows: int = 3) -> list[Picture]:
    """A scene as cells of one size."""
    height, width = scene.shape[0] // rows, scene.shape[1] // columns
    return [
        scene[y * height : (y + 1) * height, x * width : (x + 1) * width] for y in range(rows) for x in range(columns)
    ]


def cell_grid(of: list[Picture], columns: int = 3) -> CellGrid:
    """A mosaic of these cells."""
    height, width = of[0].shape[:2]
    across, down = whole_blocks(width), whole_blocks(height)
    padding = ((0, down - height), (0, across - width), (0, 0))
    rows = -(-len(of) // columns)
    size_of = (columns - 1) * across + width, (rows - 1) * down + height
    return CellGrid([CellPicture(np.pad(each, padding)) for each in of], columns, *size_of)


def encoded(scene: str, best: int, budget: int) -> EncodedTile:
    return encode([cell_grid(cut(SCENES[scene]))], best, budget, WORKERS)[0]


@pytest.mark.parametrize("scene", sorted(SCENES))
@pytest.mark.parametrize("budget", [60_000, 100_000, 400_000])
def test_a_picture_holds_its_bytes_whatever_it_shows(scene: str, budget: int) -> None:
    made = encoded(scene, 85, budget)

    assert len(made.payload) <= budget
    assert simplejpeg.decode_jpeg(made.payload).shape == (908, 1200, 3)
    assert encoded(scene, 85, budget) == made


@pytest.mark.parametrize("scene", ["noise", "soft", "noise below"])
def test_no_much_better_quality_would_have_held_them_too(scene: str) -> None:
    made = encoded(scene, 95, 100_000)
    better = min(95, made.quality * 5 // 4 + 2)

    assert made.quality == 95 or len(encoded(scene, better, 10**9).payload) > 100_000


def test_what_fits_has_the_best_quality() -> None:
    assert encoded("black", 85, 100_000).quality == 85


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (5, 3), (6, 3), (7, 6), (9, 9)])
@pytest.mark.parametrize("quality", [3, 40, 85])
def test_a_mosaic_of_cells_that_were_encoded_alone_is_the_picture_encoded_at_once(
    count: int, columns: int, quality: int
) -> None:
    of = [cell for scene in ("noise", "soft", "stripes") for cell in cut(SCENES[scene])[:3]][:count]
    made = encode([cell_grid(of, columns)], quality, 10**9, WORKERS)[0]

    whole = np.zeros((-(-count // columns) * 304, columns * 400, 3), np.uint8)
    for number, cell in enumerate(of):
        y, x = number // columns * 304, number % columns * 400
        whole[y : y + 300, x : x + 400] = cell
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
    plain = cv2.imencode(".jpg", whole, (cv2.IMWRITE_JPEG_QUALITY, quality, *sampling))[1]
    shown, expected = simplejpeg.decode_jpeg(made.payload), simplejpeg.decode_jpeg(plain.tobytes())

    assert made.quality == quality
    # Below the last row the plain picture has four rows more, from which a decoder takes colour for the one above.
    assert shown.shape == (expected.shape[0] - 4, *expected.shape[1:])
    assert np.array_equal(shown[:-1], expected[: shown.shape[0] - 1])


@pytest.mark.parametrize("own", [range(2, 17), range(19), range(18, 19)])
@pytest.mark.parametrize("quality", [3, 56])
def test_rows_around_a_picture_that_were_encoded_before_are_those_of_the_whole_cell(own: range, quality: int) -> None:
    around = np.tile(np.arange(304, dtype=np.uint8)[:, None, None], (1, 400, 3)).copy()
    cell = around.copy()
    cell[own.start * 16 : own.stop * 16] = SCENES["noise"][: len(own) * 16, :400]
    parted = CellPicture(cell, Around(own, lambda at: encoded_rows(around, at)))

    made, expected = parted.encoded(quality), CellPicture(cell).encoded(quality)
    assert (made.rows, made.size) == (expected.rows, expected.size)


def test_what_was_encoded_before_changes_no_byte() -> None:
    noise, black = cut(SCENES["noise"]), cut(SCENES["black"])
    used = cell_grid(noise)
    encode([used], 85, 60_000, WORKERS)
    encode([used], 85, 200_000, WORKERS)
    late = cell_grid([*noise[:8], black[8]])
    corrected = used._replace(cells=[*used.cells[:8], late.cells[8]])

    assert encode([corrected], 85, 100_000, WORKERS) == encode([late], 85, 100_000, WORKERS)


def test_all_mosaics_of_a_minute_have_the_quality_of_the_first() -> None:
    every = cell_grid(cut(SCENES["noise"]))
    of_two = cell_grid(cut(SCENES["noise"])[:2], 2)._replace(cells=every.cells[:2])
    made = encode([every, of_two], 85, 100_000, WORKERS)

    assert made[0].quality == made[1].quality
    assert len(made[1].payload) < len(made[0].payload)


def test_a_minute_says_how_many_bytes_it_took_and_might_have_taken(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "yard"))
    site.take(site.picture(5, RED, "yard"), frame(at(6)), frame(at(6), device="gate", freeze=True), tick(at(64)))

    found, shown = site.json(MINUTE), tile(site.followed.view, "DEMO", MINUTE)
    assert shown is not None
    assert (found["byte_budget"], found["quality"]) == (100_000, 85)
    assert found["bytes"] == len(site.tiles.read(shown.name) or b"")
    assert 0 < found["ko"]["bytes"] < found["bytes"]
    site.followed.close()


def test_a_kind_without_a_device_has_no_bytes(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.take(site.picture(5, RED), frame(at(6)), tick(at(64)))

    assert (site.json(MINUTE)["ko"]["bytes"], site.json(MINUTE)["ko"]["quality"]) == (None, None)
    site.followed.close()


@pytest.mark.parametrize(
    ("devices", "expected"), [(0, 100_000), (3, 100_000), (9, 100_000), (24, 266_667), (100, 522_000), (400, 1_422_000)]
)
def test_the_bytes_grow_with_the_cells_of_the_devices(devices: int, expected: int) -> None:
    assert SiteLayout(devices, Mosaic()).byte_budget == pytest.approx(expected, rel=0.1)


def test_few_bytes_make_smaller_cells_and_many_leave_them_as_they_are() -> None:
    assert SiteLayout(9, Mosaic(bytes_of_nine=10_000)).cell == (160, 128)
    assert SiteLayout(9, Mosaic(bytes_of_nine=1_000_000)).cell == (400, 300)


@pytest.mark.parametrize(
    ("count", "wall", "expected"),
    [
        (2, (9, 16), (1, 2)),
        (4, (16, 9), (2, 2)),
        (10, (16, 9), (4, 3)),
        (24, (16, 9), (6, 4)),
        (24, (9, 16), (3, 8)),
        (40, (16, 9), (8, 5)),
        (100, None, (12, 9)),
        (400, None, (24, 17)),
    ],
)
def test_the_grid_follows_the_shape_of_the_wall(
    count: int, wall: tuple[int, int] | None, expected: tuple[int, int]
) -> None:
    assert grid(count, wall, (400, 300)) == Grid(*expected)
    assert len(set(cells(count, 400, 300, wall))) == count


@pytest.mark.parametrize("count", [41, 64, 100, 200, 400])
def test_many_devices_fit_a_wall_with_cells_that_can_be_read(count: int) -> None:
    cell = cell_size(count, 400, 300)
    width, height = size(count, *cell)

    assert cell >= (128, 96)
    assert width <= 3200
    assert 1.3 < width / height < 2.3


NAMES = ["Gate", "前门摄像头", "بوابة الشمال", "🚪 Gate 📷", "Задний двор", "ประตู", "a\x00\n\u202e", "x" * 200, ""]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_drawn_within_its_cell(name: str) -> None:
    letters = lettering(name, 16, 120)

    assert letters.shape[1] <= 120
    assert bool(letters.max() > 100) == bool(name)


def test_letters_that_no_font_has_are_no_two_alike_where_unicode_is_installed() -> None:
    drawn = {lettering(letter, 24, 100).tobytes() for letter in "前ع🚪Дह?"}

    assert len(drawn) == 6


def test_words_of_arabic_and_hebrew_run_from_right_to_left() -> None:
    both, first = lettering("אב", 24, 100), lettering("א", 24, 100)
    at_the_right = both[:, -first.shape[1] :]

    assert np.mean(np.abs(at_the_right.astype(int) - first)) < np.mean(
        np.abs(both[:, : first.shape[1]].astype(int) - first)
    )


def test_joiners_shape_their_neighbours_and_are_not_drawn() -> None:
    apart = lettering("دوربین\u200cها", 24, 200)  # noqa: RUF001 - letters of Persian
    joined = lettering("دوربینها", 24, 200)

    assert apart.tobytes() != joined.tobytes()
    assert lettering("👩\u200d🔧", 24, 200).tobytes() == lettering("👩🔧", 24, 200).tobytes()


def test_a_tile_bears_the_name_of_its_device_and_its_ids_where_it_has_none(tmp_path: Path) -> None:
    drawn = []
    for number, name in enumerate(("yard", "DEMO_yard", "🚪 前门", "بوابة")):
        site = Site(tmp_path / str(number))
        site.take(registry(at(1), name=name), site.picture(5, GREEN), tick(at(64)))
        shown = tile(site.followed.view, "DEMO", MINUTE)
        assert shown is not None
        drawn.append(site.tiles.read(shown.name))
        site.followed.close()

    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_a_picture_of_other_sizes_from_one_minute_to_the_next_keeps_its_cell(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sizes = [(320, 180), (1920, 1080), (90, 160), (16, 16)]
    for number, (width, height) in enumerate(sizes):
        payload: bytes = simplejpeg.encode_jpeg(np.full((height, width, 3), 200, np.uint8), colorspace="RGB")
        site.take(site.picture(60 * number + 5, payload), tick(at(60 * number + 64)))

    assert {(site.json(MINUTE + number)["width"], site.json(MINUTE + number)["height"]) for number in range(4)} == {
        (400, 300)
    }
    assert [site.device(MINUTE + number)["status"] for number in range(4)] == ["active"] * 4
    site.followed.close()


def test_the_settings_of_the_picture_are_part_of_its_view(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.followed.close()
    wide = site.projection(tmp_path / "wide", Mosaic(bytes_of_nine=20_000, wall=(9, 16)))
    known = [registry(at(-60), device=device, name=device) for device in ("gate", "yard")]
    with Followed(wide, tmp_path / "wide", [*known, tick(at(1)), tick(at(64))]) as followed:
        row = followed.view.execute("select description from tiles").fetchone()

    assert wide.made_with() != Mosaic()
    assert b'"byte_budget": 20000' in row[0]


def test_late_pictures_that_change_the_quality_are_drawn_again_alike(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "hall", "yard"))
    site.followed.close()
    scarce, random = Mosaic(bytes_of_nine=20_000), np.random.default_rng(5)
    known = [registry(at(-60), device=device, name=device) for device in ("gate", "hall", "yard")]

    def noisy(seconds: float, device: str, amplitude: int) -> Event:
        payload: bytes = simplejpeg.encode_jpeg(random.integers(0, amplitude, (180, 320, 3), np.uint8))
        return site.picture(seconds, payload, device)

    with Followed(site.projection(tmp_path, scarce), tmp_path / "live", known) as live:
        qualities = []
        live.take(tick(at(1)), noisy(10, "gate", 20), frame(at(11), device="gate", freeze=True), tick(at(64)))
        for number, (device, amplitude) in enumerate([("hall", 250), ("yard", 250), ("gate", 120), ("hall", 10)]):
            live.take(noisy(20 + number, device, amplitude), frame(at(21), device=device), tick(at(70 + number)))
            (drawn,) = live.view.execute("select drawn from tiles where minute = ?", (MINUTE,)).fetchone()
            qualities.append({quality for _, _, quality, _ in from_json(drawn)["tiles"]})

        assert verify(site.projection(tmp_path / "aside", scarce), live.source) == []
    assert all(len(of_a_minute) == 1 for of_a_minute in qualities)
    assert len({quality for of_a_minute in qualities for quality in of_a_minute}) >= 3
