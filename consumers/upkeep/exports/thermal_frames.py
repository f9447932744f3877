"""Writes the radiometric frames of thermal sensors in a range, a file of NumPy's format for each device and size."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from bus_schemas.radiometric import RadiometricFrame, decode, pixels_of
from consumers.hub_config import HubConfig
from consumers.store.archive.copies import OutOfReach
from consumers.store.archive.radiometric_frames import frames_between
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.access import cold_reader
from consumers.upkeep.exports.radiometric_npy import frame_tables
from consumers.upkeep.exports.tables import TableRange

MOST_FRAMES: Final = 10_000
"""Frames of a device, spread evenly over the range where there are more."""
MOST_PIXELS: Final = 64_000_000
"""Pixels of a device in all its frames; of more frames, the first ones."""


def write_frames(
    folder: Path, hub: HubConfig, wanted: TableRange, received: Callable[[int], None] = lambda _: None
) -> list[Path]:
    """The files that were written: none of a device of which no frame is kept.

    `received` is called when bytes have come from cold storage: of ten thousand frames each may be a request.
    """
    written = []
    with ExitStack() as stack:
        cold = cold_reader(hub.cold, hub.data, received)
        if cold is not None:
            stack.callback(cold.close)
        reader = stack.enter_context(ArchiveReader(hub.data / "archive", cold))
        for device in sorted(wanted.devices):
            for number, table in enumerate(frame_tables(_frames(reader, wanted, device))):
                size = f"_{table.columns}x{table.rows}" if number else ""
                path = folder / f"{device}_thermal{size}.npy"
                path.write_bytes(table.npy())
                written.append(path)
    return written


def _frames(reader: ArchiveReader, wanted: TableRange, device: str) -> Iterator[tuple[datetime, RadiometricFrame]]:
    """One that cannot be read costs itself."""
    pixels = 0
    for stored in frames_between(reader, wanted.site, device, wanted.start, wanted.end, MOST_FRAMES):
        with suppress(ValueError, OutOfReach):
            body = reader.read_range(stored, 0, stored.size)
            pixels += 0 if body is None else pixels_of(body)
            if pixels > MOST_PIXELS:
                return
            if body is not None:
                yield stored.time, decode(body)
