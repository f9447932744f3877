"""What comes out of the decoding of messages: what the contract lets in, and what it does not, with the reason."""

from dataclasses import dataclass
from typing import NamedTuple

from bus_schemas.media import MediaEvent
from consumers.store.journal.writing import Accepted


class Described(NamedTuple):
    """A medium on its right topic: the event that describes it, and its bytes."""

    event: MediaEvent
    body: bytes
    received: int
    medium: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """What is no event of the contract. `source`, `epoch` and `sequence` say which place in a stream it leaves open."""

    reason: str
    body: bytes
    topic: str
    received: int
    source: str | None = None
    epoch: str | None = None
    sequence: int | None = None


Taken = Accepted | Described
"""What the contract lets in, on its right topic; it goes into the journal where it continues its stream."""
Item = Taken | Refused
