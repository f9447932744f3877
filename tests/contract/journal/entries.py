"""What is written into journals in tests, and what is read back."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalQuestions, JournalStore
from consumers.store.journal.writing import Accepted
from tests import builders

SOURCE = "/sites/DEMO/devices/yard"
RECEIVED = 1_767_610_800_000_000
OWNER = "here"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def accepted(*events: Event, received: int = RECEIVED) -> list[Accepted]:
    return [Accepted(event, to_bytes(event), received) for event in events]


def numbered(
    first: int, last: int, make: Callable[..., Event] = builders.detection, device: str = "yard"
) -> list[Accepted]:
    return accepted(
        *[
            make(epoch="one", sequence=number, id=f"{device}-{number}", device=device)
            for number in range(first, last + 1)
        ]
    )


@contextmanager
def reading(store: JournalStore) -> Iterator[JournalReader]:
    with closing(store.reader()) as reader:
        yield reader


@contextmanager
def asking(store: JournalStore) -> Iterator[JournalQuestions]:
    with closing(store.questions()) as questions:
        yield questions


def positions(store: JournalStore, after: int = 0) -> list[int]:
    with reading(store) as reader:
        return [record.position for record in reader.read(after).records]
