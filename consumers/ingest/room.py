"""Keeps the last of the disk for those who make room, and for what the hub says of itself."""

from collections.abc import Callable

from bus_schemas.event import HUB, place
from consumers.disk import Disk
from consumers.ingest.decoding import Item, Refused

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


def waits_for_room(item: Item) -> bool:
    """Whether its producer keeps it until it is confirmed. The hub's own events are small, and tell of the disk."""
    if isinstance(item, Refused):
        source, sequence = item.source, item.sequence
    else:
        source, sequence = item.event.source, item.event.sequence
    return sequence is not None and source is not None and place(source)[1] != HUB
