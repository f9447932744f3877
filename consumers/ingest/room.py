"""Keeps the last of the disk for those who make room, and for what the hub says of itself."""

from collections.abc import Callable
from pathlib import Path

from bus_schemas.event import HUB, place
from bus_schemas.node import SystemLoad
from consumers.ingest.decoding import Item, Refused
from consumers.store.disk import Disk, disk_of

MIB = 1024 * 1024


class Room:
    """Whether the disk has room for what devices send; `shortage` says why not."""

    def __init__(self, disk: Callable[[], Disk]) -> None:
        self._disk = disk
        self.shortage: str | None = None

    def look(self) -> bool:
        disk = self._disk()
        # Begun again with some more, lest it ends at once.
        enough = disk.margin + (disk.reserve // 2 if self.shortage else 0)
        if disk.free >= enough:
            self.shortage = None
        else:
            self.shortage = f"the disk has less than {enough / MIB:.0f} MiB left, and these are for clean-up"
        return self.shortage is None


def load_of(data: Path) -> SystemLoad:
    """How full the disk is that holds the hub's data: by this, storage incidents are decided."""
    disk = disk_of(data)
    return SystemLoad(disk_percent=round(disk.percent, 1), disk_free_bytes=disk.free)


def waits_for_room(item: Item) -> bool:
    """Whether its producer keeps it until it is confirmed. The hub's own events are small, and tell of the disk."""
    if isinstance(item, Refused):
        source, sequence = item.source, item.sequence
    else:
        source, sequence = item.event.source, item.event.sequence
    return sequence is not None and source is not None and place(source)[1] != HUB
