"""The files of tiles after a power cut, which may leave the name of a file and no bytes of it."""

from pathlib import Path

from consumers.views.mosaics.past_tiles import DIRECTORY, PastTiles
from consumers.views.mosaics.tiles import Tiles

TILE = b"\xff\xd8 a tile \xff\xd9"


def test_a_tile_that_was_cut_off_is_none_until_it_is_written_again(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path)
    name = tiles.write("DEMO", 7, TILE)
    whole = tiles.read(name)
    found = []
    for left in (b"", TILE[:5], bytes(len(TILE))):
        (tmp_path / name).write_bytes(left)
        found.append(tiles.read(name))

    assert whole == TILE
    assert found == [None, None, None]
    assert tiles.write("DEMO", 7, TILE) == name
    assert tiles.read(name) == TILE


def test_a_past_tile_of_which_an_older_release_left_no_bytes_is_none(tmp_path: Path) -> None:
    past = PastTiles(tmp_path)
    past.write("DEMO/7-abc.jpg", TILE)
    (tmp_path / DIRECTORY / "DEMO" / "8-abc.jpg").touch()

    assert (past.read("DEMO/7-abc.jpg"), past.read("DEMO/8-abc.jpg")) == (TILE, None)
