"""Limits what one device may post to its equal share of the disk, so that it cannot fill it for all others.

Clean-up makes room of all media but those of the newest ten minutes of each device, and drops the events of whole days,
but of the current one and the one before: those are the times in which a device may not post more than its share.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from bus_schemas.event import place
from consumers.ingest.items import DescribedMedium, Taken
from producer.clock import Elapsed

Device = tuple[str, str]
"""Site and device."""

MEDIA_WITHIN_S: Final = 600.0
EVENTS_WITHIN_S: Final = 86_400.0
EVENTS_OF_SHARE: Final = 0.5
SLICES: Final = 60
MEASURED_FOR_S: Final = 2.0

_device_of = lru_cache(4096)(place)


class PostedBytes:
    """Counts the bytes that each device has posted within the last `within_s` seconds."""

    def __init__(self, within_s: float, elapsed: Elapsed) -> None:
        self._within_s = within_s
        self._elapsed = elapsed
        self._slices: dict[Device, deque[list[float]]] = {}
        """When each began, and its bytes."""
        self._sums: dict[Device, int] = {}

    @property
    def devices(self) -> frozenset[Device]:
        return frozenset(self._sums)

    def count(self, device: Device, size: int) -> None:
        slices, now = self._slices.setdefault(device, deque()), self._elapsed()
        if not slices or now - slices[-1][0] >= self._within_s / SLICES:
            slices.append([now, 0])
        slices[-1][1] += size
        self._sums[device] = self._sums.get(device, 0) + size

    def of(self, device: Device) -> int:
        slices = self._slices.get(device)
        if slices is None:
            return 0
        while slices and self._elapsed() - slices[0][0] > self._within_s:
            self._sums[device] -= int(slices.popleft()[1])
        if not slices:
            del self._slices[device], self._sums[device]
        return self._sums.get(device, 0)


class DiskShares:
    """`held` are the bytes of media that the archive has of each device."""

    def __init__(self, held: Callable[[], Mapping[Device, int]], elapsed: Elapsed = time.monotonic) -> None:
        self._held = held
        self._elapsed = elapsed
        self._media = PostedBytes(MEDIA_WITHIN_S, elapsed)
        self._events = PostedBytes(EVENTS_WITHIN_S, elapsed)
        self._measured_s = float("-inf")
        self._share = 0

    def refusal(self, item: Taken, size: int, free: int) -> str | None:
        """Why the item has to wait where the disk has so many `free` bytes; `None` where it may come in, which counts.

        One at a time may always, however large.
        """
        is_medium = isinstance(item, DescribedMedium)
        posted, device = self._media if is_medium else self._events, _device_of(item.event.source)
        share = self._equal_share(free)
        share, before = share if is_medium else int(share * EVENTS_OF_SHARE), posted.of(device)
        if not before or before + size <= share:
            posted.count(device, size)
            return None
        what, within = ("media", "ten minutes") if is_medium else ("events", "a day")
        return (
            f"{device[1]} of {device[0]} has posted {before / 1e6:.0f} MB of {what} within {within}, and its share of"
            f" the disk is {share / 1e6:.0f} MB"
        )

    def _equal_share(self, free: int) -> int:
        now = self._elapsed()
        if now - self._measured_s >= MEASURED_FOR_S:
            self._measured_s = now
            held = self._held()
            devices = self._media.devices | held.keys()
            self._share = (sum(held.values()) + max(0, free)) // max(1, len(devices))
        return self._share
