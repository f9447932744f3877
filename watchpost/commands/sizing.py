"""The command `size`."""

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchpost.cli_errors import CliError
from watchpost.commands.options import DATA, ConfigOption, DataOption, finite
from watchpost.processes.permissions import become_the_owner
from watchpost.processes.runtime import configuration
from watchpost.sizing.assumptions import Assumptions, Camera, Where

if TYPE_CHECKING:
    from consumers.store.disk import DiskSpace
    from watchpost.sizing.estimate import Size

LINE = 120
"""Characters of a line where no terminal says."""
MANY = 20
"""So many media of a kind say how large they are."""


def size(
    config: ConfigOption = None,
    data: DataOption = DATA,
    disk_gb: Annotated[
        float | None,
        typer.Option(
            "--disk-gb",
            min=0.001,
            max=1e9,
            callback=finite,
            help="The size of an empty disk; default the disk of the data directory.",
        ),
    ] = None,
    camera: Annotated[
        str, typer.Option("--camera", help="Width and height of a camera's picture, and pictures per second.")
    ] = "1920x1080@15",
    camera_bits: Annotated[
        int, typer.Option("--camera-bits-per-s", min=1000, help="The bit rate of a camera, which is recorded.")
    ] = 4_000_000,
    moving: Annotated[
        float,
        typer.Option("--moving", min=0, max=1, callback=finite, help="Share of the time in which something moves."),
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON, device by device.")] = False,
) -> None:
    """What the configured site needs: events, links, disk, memory, and how long the disk lasts.

    Of media that the data directory holds already the sizes are measured; of others they are assumed.
    """
    from consumers.store.disk import DiskSpace
    from watchpost.sizing.estimate import estimate
    from watchpost.sizing.report import document

    if data.exists() and not data.is_dir():
        raise CliError(f"{data} is no directory: name the data directory of a hub with --data")
    become_the_owner(data)
    assumed = Assumptions(_camera(camera, camera_bits), moving, _measured(data))
    disk, ours = (_disk(data), _taken(data)) if disk_gb is None else (DiskSpace(int(disk_gb * 1e9), 0), 0)
    found = estimate(configuration(config), assumed, disk, ours)
    if as_json:
        typer.echo(json.dumps(document(found, assumed), indent=2))
    else:
        _print(found)


def _print(found: "Size") -> None:
    from rich.console import Console

    from watchpost.sizing.report import summary, tables

    console = Console(highlight=False, width=None if sys.stdout.isatty() else LINE)
    for table in tables(found):
        console.print(table)
    for line in summary(found):
        typer.echo(line)


def _camera(text: str, bits_per_s: int) -> Camera:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})@(\d{1,3})", text)
    if found is None or int(found[3]) == 0:
        raise CliError(f"{text!r} is no picture of a camera: write it as 1920x1080@15")
    width, height, fps = map(int, found.groups())
    return Camera(width, height, fps, bits_per_s)


def _measured(data: Path) -> dict[Where, float]:
    """Mean bytes of the media that are there, by site, device and kind."""
    from consumers.store.archive.reader import ArchiveReader

    with ArchiveReader(data / "archive") as reader:
        return {
            (each.site, each.device, each.kind): each.bytes / each.count
            for each in reader.usage()
            if each.count >= MANY
        }


def _disk(data: Path) -> "DiskSpace":
    from consumers.store.disk import disk_of

    there = data.resolve()
    while not there.exists():
        there = there.parent
    return disk_of(there)


def _taken(data: Path) -> int:
    """Bytes of the disk under the data directory. What goes meanwhile counts nothing."""
    taken = 0
    for folder, _, files in os.walk(data):
        for name in files:
            try:
                taken += (Path(folder) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return taken
