"""The results of decoding: events and media that the contract allows, and refused messages with their reason."""

from dataclasses import dataclass
from typing import NamedTuple

from bus_schemas.media import MediaEvent
from consumers.store.journal.writing import Accepted


class DescribedMedium(NamedTuple):
    """A medium on its right topic: the event that describes it, and its bytes."""

    event: MediaEvent
    body: bytes
    received: int
    medium: bytes


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that is not an event of the contract. `source`, `epoch` and `sequence` name the gap that it leaves."""

    reason: str
    body: bytes
    topic: str
    received: int
    source: str | None = None
    epoch: str | None = None
    sequence: int | None = None


Taken = Accepted | DescribedMedium
"""An event that the contract allows, on its right topic; the journal takes it if it continues its stream."""
Item = Taken | RefusedMessage


def item_bytes(item: Item) -> int:
    """With the medium, where it has one."""
    return len(item.body) + (len(item.medium) if isinstance(item, DescribedMedium) else 0)
