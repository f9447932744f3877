"""Reserves the last of the disk for clean-up and for the events of the hub itself."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from bus_schemas.event import HUB_SOURCE, RESERVED
from bus_schemas.node import SystemLoad
from consumers.ingest.items import DescribedMedium, Item, RefusedMessage, item_bytes
from consumers.ingest.room_queue import Unfitting, without_body
from consumers.ingest.shares import Device, DiskShares
from consumers.store.disk import DiskSpace, ReserveFile, disk_of
from producer.clock import Elapsed

MIB = 1024 * 1024
RESEND_S: Final = 90.0
"""A message that was too large for the disk comes again within this time."""
LOGGED_EVERY_S: Final = 60.0

_OF_HUB: Final = tuple(f"/{name}" for name in RESERVED)

log = structlog.get_logger(__name__)


class Fitting(NamedTuple):
    """The items that may be taken in now, and events that nobody sends again and the disk has no room for."""

    taken: list[Item]
    unfitting: list[Unfitting]


class DiskRoom:
    """Decides whether the disk has room for events of devices; `shortage` says why not."""

    def __init__(
        self,
        disk: Callable[[], DiskSpace],
        elapsed: Elapsed = time.monotonic,
        shares: DiskShares | None = None,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """`release` gives the reserve file back to the disk."""
        self._disk = disk
        self._release = release
        self._shares = shares
        self._logged_s = float("-inf")
        self._elapsed = elapsed
        self._is_short = False
        self._too_large: tuple[str, float] | None = None
        self.shortage: str | None = None

    def refresh(self) -> bool:
        return self._left(self._disk()) >= 0

    def fitting(self, items: Iterable[Item]) -> Fitting:
        """The items that leave the disk its margin, and every device its share. The rest waits in the outboxes of its
        producers. An item without an outbox is refused if it exceeds a share or is no event; otherwise it does not fit
        yet.
        """
        items = list(items)
        disk = self._disk()
        if disk.needs_reserve and not all(map(waits_for_room, items)):
            # Clean-up releases it too, but may look only seconds later, and what is refused here never comes again.
            self._release()
            disk = self._disk()
        left, last = self._left(disk), disk.free - disk.reserve // 4
        fitting = Fitting([], [])
        taken = fitting.taken
        for item in items:
            if _is_of_hub(item):
                taken.append(item)
                continue
            size, waits = item_bytes(item), waits_for_room(item)
            # Small events that nobody sends again may have a part of the margin.
            room = left if waits or isinstance(item, DescribedMedium) else last
            if size > room:
                self._pass_over(item, size, room, fitting)
            elif (reason := self._refusal(item, size, room)) is None:
                left, last = left - size, last - size
                taken.append(item)
            elif not waits:
                taken.append(without_body(item, reason))
        return fitting

    def _pass_over(self, item: Item, size: int, left: int, fitting: Fitting) -> None:
        self._note(size, left)
        if waits_for_room(item):
            return
        reason = self.shortage or ""
        if isinstance(item, RefusedMessage):
            fitting.taken.append(without_body(item, reason))
        else:
            fitting.unfitting.append(Unfitting(item, reason))

    def _refusal(self, item: Item, size: int, left: int) -> str | None:
        if self._shares is None or isinstance(item, RefusedMessage):
            return None
        reason = self._shares.refusal(item, size, left)
        if reason is not None and self._elapsed() - self._logged_s >= LOGGED_EVERY_S:
            self._logged_s = self._elapsed()
            log.warning("a device posts too much", reason=reason)
        return reason

    def _left(self, disk: DiskSpace) -> int:
        """Bytes beyond the margin; negative where there is a shortage."""
        # Begun again with some more, lest it ends at once.
        enough = disk.margin + (disk.reserve // 2 if self._is_short else 0)
        left = disk.free - enough
        self._is_short = left < 0
        if self._is_short and disk.counts_inodes:
            self.shortage = "the file system has hardly any inodes left, and these are for clean-up"
        elif self._is_short:
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


def room_of(data: Path, held: Callable[[], Mapping[Device, int]]) -> DiskRoom:
    """The disk with the hub's data, on which the archive holds so many bytes of each device."""
    return DiskRoom(partial(disk_of, data), shares=DiskShares(held), release=ReserveFile(data).release)


def load_of(data: Path) -> SystemLoad:
    """The load of the disk that holds the hub's data, on which storage incidents are decided."""
    disk = disk_of(data)
    return SystemLoad(disk_percent=round(disk.percent, 1), disk_free_bytes=disk.free)


def waits_for_room(item: Item) -> bool:
    """Whether its producer keeps it until it is confirmed."""
    return (item.sequence if isinstance(item, RefusedMessage) else item.event.sequence) is not None


def _is_of_hub(item: Item) -> bool:
    source = item.source if isinstance(item, RefusedMessage) else item.event.source
    return source is not None and (source == HUB_SOURCE or source.endswith(_OF_HUB))
