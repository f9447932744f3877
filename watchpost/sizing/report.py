"""The size of a site as tables for people, and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table

from watchpost.sizing.assumptions import Assumptions
from watchpost.sizing.estimate import DAY_S, HOUR_S, DiskLife, LinkSize, Size

Rows = Sequence[Sequence[str]]


def bytes_of(number: float) -> str:
    """With a unit, as disks are sold: 1 GB is a thousand MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.2f} TB"


def duration_of(seconds: float) -> str:
    return f"{seconds / DAY_S:.1f} days" if seconds >= 2 * DAY_S else f"{seconds / HOUR_S:.1f} h"


def tables(size: Size) -> Iterator[Table]:
    """The flows of each device are in the JSON alone: of many devices it is a long table."""
    yield _table("Links", ("agent", "devices", "events/s", "events", "media", "previews", "together", "limit"),
                 [_link(link) for link in size.links])  # fmt: skip
    yield _table("Disk of the hub", ("what", "a day", "kept", "kept by", "computed from"), _disk(size))
    yield _table(
        "Memory",
        ("processes", "MB", "computed from"),
        [(part.process, f"{part.megabytes:,.0f}", part.formula) for part in size.memory],
    )


def summary(size: Size) -> Iterator[str]:
    """In sentences."""
    together = sum(link.bytes_per_s for link in size.links)
    yield (
        f"{size.devices} device{'' if size.devices == 1 else 's'}: {size.events_per_s:,.1f} events/s,"
        f" {bytes_of(together)}/s through the broker,"
        f" {bytes_of(size.bytes_per_day)} a day to the disk, {size.rows_per_s:,.1f} rows/s"
    )
    yield _life(size.life, size.kept_bytes)
    for link in size.links:
        if link.limit is not None and link.stored_bytes_per_s > link.limit:
            yield (
                f"the link of {link.node} carries {bytes_of(link.limit)}/s of the {bytes_of(link.stored_bytes_per_s)}/s"
                " that are to be stored: pictures are left out, and recordings come late"
            )


def document(size: Size, assumed: Assumptions) -> dict[str, Any]:
    """Everything, in bytes, seconds and MB."""
    camera = asdict(assumed.camera)
    found = asdict(size)
    found["links"] = [{**asdict(link), "bytes_per_s": link.bytes_per_s} for link in size.links]
    found |= {
        "events_per_s": size.events_per_s,
        "bytes_per_day": size.bytes_per_day,
        "kept_bytes": size.kept_bytes,
        "assumptions": {"camera": camera, "moving": assumed.moving, "measured": len(assumed.measured)},
    }
    return found


def _life(life: DiskLife, kept: float) -> str:
    disk = f"the disk has {bytes_of(life.disk_bytes)}, of which {bytes_of(life.room_bytes)} are for this hub"
    if life.full_after_s is None:
        return f"{disk}: enough for the {bytes_of(kept)} that are to be kept"
    video = "" if life.video_hours is None else f", so that {duration_of(life.video_hours * HOUR_S)} of video stay"
    return (
        f"{disk}: less than the {bytes_of(kept)} that are to be kept. It is full after"
        f" {duration_of(life.full_after_s)}; from then on the oldest media go before their time{video}"
    )


def _link(link: LinkSize) -> tuple[str, ...]:
    parts = (link.event_bytes_per_s, link.media_bytes_per_s, link.preview_bytes_per_s, link.bytes_per_s)
    limit = "" if link.limit is None else f"{bytes_of(link.limit)}/s"
    return (link.node, str(link.devices), f"{link.events_per_s:,.1f}", *[f"{bytes_of(one)}/s" for one in parts], limit)


def _disk(size: Size) -> Rows:
    rows = [
        (part.what, bytes_of(part.bytes_per_day), bytes_of(part.kept_bytes), part.kept_by, part.formula)
        for part in size.disk
    ]
    return [*rows, ("together", bytes_of(size.bytes_per_day), bytes_of(size.kept_bytes), "", "")]


def _table(title: str, columns: Sequence[str], rows: Rows) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, title_style="bold")
    for column in columns:
        table.add_column(column, justify="left" if column in _WORDS else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


_WORDS = {"agent", "what", "processes", "kept by", "computed from"}
