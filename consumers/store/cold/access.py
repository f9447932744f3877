"""Opens the media of a hub: those on the disk, and those in cold storage. boto3 is imported only where there is any."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from consumers.hub_config import HubConfig
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.settings import ColdStorage

if TYPE_CHECKING:
    from consumers.store.cold.reader import BucketReader

CACHE = "cold_cache"


def cold_reader(
    storage: ColdStorage | None, data: Path, received: Callable[[int], None] = lambda _: None
) -> "BucketReader | None":
    """`received` is called with the number of bytes each time that some have come from the bucket."""
    if storage is None:
        return None
    from consumers.store.cold.reader import BucketReader

    return BucketReader(storage, data / CACHE, received=received)


@contextmanager
def cold_reader_of(hub: HubConfig) -> Iterator["BucketReader | None"]:
    """For use from any thread."""
    cold = cold_reader(hub.cold, hub.data)
    try:
        yield cold
    finally:
        if cold is not None:
            cold.close()


@contextmanager
def media_of(hub: HubConfig) -> Iterator[ArchiveReader]:
    """For use in the thread that opens it."""
    with cold_reader_of(hub) as cold, ArchiveReader(hub.data / "archive", cold) as archive:
        yield archive
