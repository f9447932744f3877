"""Reserves the last of the disk for clean-up and for the events of the hub itself."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from bus_schemas.event import HUB, place
from bus_schemas.node import SystemLoad
from consumers.ingest.items import DescribedMedium, Item, RefusedMessage
from consumers.store.disk import DiskSpace, disk_of
from producer.clock import Elapsed

MIB = 1024 * 1024
RESEND_S: Final = 90.0
"""A message that was too large for the disk comes again within this time."""


class DiskRoom:
    """Decides whether the disk has room for events of devices; `shortage` says why not."""

    def __init__(self, disk: Callable[[], DiskSpace], elapsed: Elapsed = time.monotonic) -> None:
        self._disk = disk
        self._elapsed = elapsed
        self._is_short = False
        self._too_large: tuple[str, float] | None = None
        self.shortage: str | None = None

    def refresh(self) -> bool:
        return self._left() >= 0

    def fitting(self, items: Iterable[Item]) -> list[Item]:
        """The items that leave the disk its margin. The rest waits in the outboxes of its producers."""
        left = self._left()
        taken: list[Item] = []
        for item in items:
            if waits_for_room(item):
                size = _size(item)
                if size > left:
                    self._note(size, left)
                    continue
                left -= size
            taken.append(item)
        return taken

    def _left(self) -> int:
        """Bytes beyond the margin; negative where there is a shortage."""
        disk = self._disk()
        # Begun again with some more, lest it ends at once.
        enough = disk.margin + (disk.reserve // 2 if self._is_short else 0)
        left = disk.free - enough
        self._is_short = left < 0
        if self._is_short:
            self.shortage = f"the disk has less than {enough / MIB:.0f} MiB left, and these are for clean-up"
        else:
            self.shortage = self._still_too_large()
        return left

    def _note(self, size: int, left: int) -> None:
        if not self._is_short:
            self.shortage = f"the disk has no room for a message of {size / MIB:.1f} MiB: {left / MIB:.1f} MiB are left"
            self._too_large = self.shortage, self._elapsed() + RESEND_S

    def _still_too_large(self) -> str | None:
        if self._too_large is not None and self._elapsed() >= self._too_large[1]:
            self._too_large = None
        return self._too_large[0] if self._too_large is not None else None


def load_of(data: Path) -> SystemLoad:
    """The load of the disk that holds the hub's data, on which storage incidents are decided."""
    disk = disk_of(data)
    return SystemLoad(disk_percent=round(disk.percent, 1), disk_free_bytes=disk.free)


def waits_for_room(item: Item) -> bool:
    """Whether its producer keeps it until it is confirmed. The hub's own events are small, and tell of the disk."""
    if isinstance(item, RefusedMessage):
        source, sequence = item.source, item.sequence
    else:
        source, sequence = item.event.source, item.event.sequence
    return sequence is not None and source is not None and place(source)[1] != HUB


def _size(item: Item) -> int:
    return len(item.body) + (len(item.medium) if isinstance(item, DescribedMedium) else 0)
