"""Shares a bound between devices: packs go from the devices that use more than their equal share."""

from collections.abc import Iterable, Mapping

from consumers.store.archive.retention import Dropped

Device = tuple[str, str]
"""Site and device."""


def level_of(used: Iterable[int], bound: int) -> int:
    """The bytes that no device may exceed, so that all together keep to the bound.

    At least the equal share: what a device leaves of its own is divided among the others.
    """
    shares = sorted(used)
    for place, size in enumerate(shares):
        equal = bound // (len(shares) - place)
        if size > equal:
            return max(0, equal)
        bound -= size
    return max(shares, default=0)


def beyond_shares(packs: Iterable[Dropped], used: Mapping[Device, int], bound: int) -> list[Dropped]:
    """Select the oldest of these ordered packs, of the devices above their share, as many as it takes to
    come down to the bound; no more are asked for.

    The bytes that a device may keep in any case count as its own; a device below its share does not make up for them.
    """
    left = dict(used)
    need, level = sum(left.values()) - bound, level_of(left.values(), bound)
    chosen: list[Dropped] = []
    for pack in packs if need > 0 else ():
        device = (pack.site, pack.device)
        if left.get(device, 0) <= level:
            continue
        chosen.append(pack)
        left[device] -= pack.bytes
        need -= pack.bytes
        if need <= 0:
            break
    return chosen


def order_of(pack: Dropped) -> tuple[int, str, str, str]:
    """The order in which packs are deleted: the oldest first."""
    return pack.interval.start, pack.kind, pack.site, pack.device
