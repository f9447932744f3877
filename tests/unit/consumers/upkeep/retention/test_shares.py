"""Whatever one device posts, it pays for it itself: who is within the equal share loses nothing by a bound."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from consumers.store.archive.keys import PackInterval
from consumers.store.archive.retention import Dropped
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.plan import by_bytes, by_space
from consumers.upkeep.retention.shares import Device, beyond_shares, level_of, order_of

Kept = tuple[Dropped, bool]
"""A pack, and whether it is of the newest minutes, which stay."""

_packs = st.builds(
    lambda device, kind, start, size, is_newest: (
        Dropped("DEMO", device, kind, PackInterval(start * 5), 1, size),
        is_newest,
    ),
    st.sampled_from(["thief", "yard", "gate", "hall"]),
    st.sampled_from(["segment", "capture"]),
    st.integers(0, 2000),
    st.integers(1, 10_000),
    st.booleans(),
)
_archives = st.lists(_packs, max_size=40).map(lambda kept: sorted(kept, key=lambda one: order_of(one[0])))
_bounds = st.integers(0, 60_000)


def used(packs: Sequence[Dropped]) -> dict[Device, int]:
    sizes: dict[Device, int] = {}
    for pack in packs:
        sizes[pack.site, pack.device] = sizes.get((pack.site, pack.device), 0) + pack.bytes
    return sizes


def packs_of(archive: Sequence[Kept]) -> tuple[list[Dropped], list[Dropped]]:
    """All of them, and those that may go."""
    return [pack for pack, _ in archive], [pack for pack, is_newest in archive if not is_newest]


def victims(packs: Sequence[Dropped]) -> set[Device]:
    return {(pack.site, pack.device) for pack in packs}


def within_share(sizes: dict[Device, int], bound: int) -> set[Device]:
    return {device for device, size in sizes.items() if size * len(sizes) <= bound}


@given(_archives, _bounds)
def test_who_is_within_the_equal_share_loses_nothing_by_a_bound_of_bytes(archive: list[Kept], limit: int) -> None:
    packs, droppable = packs_of(archive)

    doomed = by_bytes("segment", limit, used(packs), droppable)

    assert not victims(doomed.packs) & within_share(used(packs), limit)


@given(_archives, st.integers(0, 100_000), st.integers(0, 100))
def test_nor_where_room_is_made(archive: list[Kept], others: int, target: int) -> None:
    packs, droppable = packs_of(archive)
    sizes = used(packs)
    total = sum(sizes.values())
    disk = DiskSpace(total + others, total + others)

    doomed = by_space(100, target, disk, sizes, droppable)

    assert not victims(doomed.packs) & within_share(sizes, total - disk.above(target))
    gone = sum(pack.bytes for pack in doomed.packs)
    assert gone >= disk.above(target) or doomed.spares or len(doomed.packs) == len(droppable)


@given(_archives, _bounds)
def test_the_bound_is_met_where_all_may_go_and_nothing_goes_without_need(archive: list[Kept], limit: int) -> None:
    packs, _ = packs_of(archive)

    chosen = beyond_shares(packs, used(packs), limit)

    gone, total = sum(pack.bytes for pack in chosen), sum(pack.bytes for pack in packs)
    assert total - gone <= limit
    assert not chosen or total - gone + chosen[-1].bytes > limit


@given(_archives, _bounds)
def test_where_newest_media_are_too_much_all_that_their_device_has_besides_goes(
    archive: list[Kept], limit: int
) -> None:
    packs, droppable = packs_of(archive)
    sizes = used(packs)

    chosen = beyond_shares(droppable, sizes, limit)

    left = used([pack for pack in packs if all(pack is not one for one in chosen)])
    if sum(left.values()) > limit:
        above = {device for device, size in left.items() if size > level_of(sizes.values(), limit)}
        assert not above & victims([pack for pack in droppable if all(pack is not one for one in chosen)])


@given(_archives, _bounds)
def test_each_device_loses_its_oldest_first(archive: list[Kept], limit: int) -> None:
    packs, droppable = packs_of(archive)

    chosen = beyond_shares(droppable, used(packs), limit)

    for device in victims(chosen):
        ours = [pack for pack in droppable if (pack.site, pack.device) == device]
        gone = [pack for pack in chosen if (pack.site, pack.device) == device]
        assert [pack.start for pack in gone] == sorted(pack.start for pack in ours)[: len(gone)]


@given(st.dictionaries(st.sampled_from(["yard", "gate", "hall"]), st.integers(1, 10_000), min_size=1), _bounds)
def test_what_a_device_leaves_of_its_share_is_for_the_others(sizes: dict[str, int], bound: int) -> None:
    level = level_of(sizes.values(), bound)
    kept = sum(min(size, level) for size in sizes.values())

    assert kept <= bound
    assert kept == sum(sizes.values()) or kept > bound - len(sizes)
