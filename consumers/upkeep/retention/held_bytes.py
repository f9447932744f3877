"""Says where holds keep more recordings than a bound of bytes allows, so that nothing else can go in their place."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from consumers.engine.sink import FaultSink
from consumers.hub_config import RetentionPolicy
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.upkeep.retention.holding import holds_of, part
from consumers.upkeep.retention.plan import by_bytes, by_device_bytes
from consumers.upkeep.retention.selection import SEGMENT
from consumers.upkeep.retention.shares import Device, level_of
from consumers.views.holds import HoldRow

PART: Final = "retention"
NAMED: Final = 3
"""Holds that a sentence names; of the others only how many there are."""
_UNITS: Final = ("kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class HeldBeyond:
    """`bytes` are above the bound although everything has gone that may go. `device` is `None` where the bound is that
    of all. `keeping` are the holds, with what each keeps of these devices, the most bytes first.
    """

    device: Device | None
    bound: int
    bytes: int
    lasts: bool
    """Whether it is more than what devices have recorded just now: that comes and goes with each pack."""
    keeping: tuple[tuple[HoldRow, int], ...]

    @property
    def sentence(self) -> str:
        whose = "all recordings" if self.device is None else f"the recordings of {'/'.join(self.device)}"
        named = [_named(row, size) for row, size in self.keeping[:NAMED]]
        if len(self.keeping) > NAMED:
            named.append(f"{len(self.keeping) - NAMED} more")
        return (
            f"{size_words(self.bytes)} of recordings are kept above the bound of {size_words(self.bound)} for {whose},"
            f" because nothing more may be deleted: {', '.join(named)}. Release what is not needed, or raise the bound"
        )


def held_now(
    policy: RetentionPolicy, archive: Path, rows: Callable[[], Sequence[HoldRow]], now: datetime
) -> list[HeldBeyond]:
    """`rows` is asked where a bound is exceeded."""
    bounds = {(one.site, one.device): one.segment_bytes for one in policy.devices if one.segment_bytes is not None}
    if policy.segment_bytes is None and not bounds:
        return []
    with ArchiveReader(archive) as reader:
        used = reader.bytes_of_devices(SEGMENT)
    is_over = policy.segment_bytes is not None and sum(used.values()) > policy.segment_bytes
    if not is_over and not any(used.get(device, 0) > bound for device, bound in bounds.items()):
        return []
    packs = tuple(ArchiveRetention(archive, lambda: now).uncopied(SEGMENT, now))
    return held_beyond(policy, used, packs, rows())


def held_beyond(
    policy: RetentionPolicy, used: Mapping[Device, int], packs: Sequence[Dropped], rows: Sequence[HoldRow]
) -> list[HeldBeyond]:
    """`packs` are the recordings that are old enough to go, in the order in which they do; `used` is what those and the
    newest take of each device.
    """
    parted = part(packs, rows)
    found = []
    for one in policy.devices:
        device, bound = (one.site, one.device), one.segment_bytes
        if bound is not None and used.get(device, 0) > bound:
            ours = [pack for pack in parted.free if (pack.site, pack.device) == device]
            gone = sum(pack.bytes for pack in by_device_bytes(bound, used[device], ours).packs)
            old = sum(pack.bytes for pack in packs if (pack.site, pack.device) == device)
            over = _Excess(used[device] - gone - bound, old - gone - bound)
            found += _beyond(device, bound, over, [p for p in parted.held if (p.site, p.device) == device], rows)
    limit = policy.segment_bytes
    if limit is not None and sum(used.values()) > limit:
        gone = sum(pack.bytes for pack in by_bytes(SEGMENT, limit, used, parted.free).packs)
        over = _Excess(sum(used.values()) - gone - limit, sum(pack.bytes for pack in packs) - gone - limit)
        level = level_of(used.values(), limit)
        found += _beyond(None, limit, over, [p for p in parted.held if used.get((p.site, p.device), 0) > level], rows)
    return found


def report_held(faults: FaultSink, found: Sequence[HeldBeyond]) -> None:
    """A fault that lasts; one that came stays until nothing is above a bound."""
    settled = [one.sentence for one in found if one.lasts]
    if settled:
        faults.raise_fault(PART, "write_failed", "; ".join(settled))
    elif not found:
        faults.clear_fault(PART, "write_failed")


@dataclass(frozen=True, slots=True)
class _Excess:
    """What is above a bound, with and without the newest."""

    now: int
    settled: int


def _beyond(
    device: Device | None, bound: int, over: _Excess, held: Sequence[Dropped], rows: Sequence[HoldRow]
) -> list[HeldBeyond]:
    if over.now <= 0 or not held:
        return []
    sizes: Counter[HoldRow] = Counter()
    for pack in held:
        sizes.update(dict.fromkeys(holds_of(pack, rows), pack.bytes))
    kept = min(over.now, sum(pack.bytes for pack in held))
    return [HeldBeyond(device, bound, kept, over.settled > 0, tuple(sizes.most_common()))]


def _named(row: HoldRow, size: int) -> str:
    what = f" “{_short(row.reason)}”" if row.reason else ""
    return f"{row.kind}{what}{f' by {row.by}' if row.by else ''} ({size_words(size)})"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def size_words(size: float) -> str:
    """In two digits or more: it is read, and does not change with each pack."""
    for unit in _UNITS:
        size /= 1000
        if size < 999.5 or unit == _UNITS[-1]:
            break
    return f"{size:.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"
