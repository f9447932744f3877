"""The cache of blocks stays within its bound, forgets what was used longest ago, and believes no damaged block."""

import os
from pathlib import Path

from consumers.store.cold.cache import BlockCache


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def test_the_bound_holds_and_the_blocks_that_were_used_last_stay(tmp_path: Path) -> None:
    cache = BlockCache(tmp_path, 10_000)
    for number in range(8):
        cache.put(f"o#{number}", bytes([number]) * 1000)
    for place, path in enumerate(sorted(tmp_path.iterdir(), key=lambda path: path.read_bytes()[32])):
        os.utime(path, (place, place))
    cache.get("o#0")

    for number in range(8, 11):
        cache.put(f"o#{number}", bytes([number]) * 1000)

    assert size_of(tmp_path) <= 10_000
    assert [number for number in range(11) if cache.get(f"o#{number}") is not None] == [0, 3, 4, 5, 6, 7, 8, 9, 10]


def test_a_damaged_block_is_asked_for_again(tmp_path: Path) -> None:
    cache = BlockCache(tmp_path, 10_000)
    cache.put("o#0", b"block")
    (file,) = tmp_path.iterdir()
    file.write_bytes(bytes(len(file.read_bytes())))

    assert cache.get("o#0") is None


def test_a_block_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = BlockCache(tmp_path, 100)

    cache.put("o#0", bytes(1000))

    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_costs_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = BlockCache(tmp_path / "file" / "cache", 10_000)

    cache.put("o#0", b"block")

    assert cache.get("o#0") is None
