"""Takes media whose bytes are lost out of the views: a retention event says that they are gone, and why."""

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bus_schemas.codec import to_bytes
from consumers.engine import view_files
from consumers.hub_config import HubConfig
from consumers.store.archive.index import NAME, open_to_read
from consumers.store.archive.keys import PACK_MINUTES, PackInterval, Series
from consumers.store.archive.retention import Dropped
from consumers.store.journal.configured import journal_of
from consumers.upkeep.retention.plan import ExpiredPacks, events
from consumers.upkeep.verify.media import MissingMedium, unexplained_media
from consumers.upkeep.verify.repair_copies import LostObjects, repair_copies
from producer.transaction import transaction

RULE: Final = "repair: the bytes are lost"
RETENTION: Final = "retention"


@dataclass(frozen=True, slots=True)
class RepairReport:
    """`repaired` media are reported as gone with the next tick of the hub; packs of those `left` hold others still.

    `sent_again` objects were missing in the bucket, and the disk has their bytes.
    """

    repaired: int
    left: int
    sent_again: int = 0


def repair_media(hub: HubConfig, now: datetime) -> RepairReport:
    """Hands what is to be reported to the sink of retention, which emits it. Raises `NoView` where it never ran, and
    `OutOfReach` where cold storage does not answer.
    """
    by_pack: dict[tuple[Series, int], list[MissingMedium]] = defaultdict(list)
    for missing in unexplained_media(journal_of(hub), hub.data / "archive"):
        by_pack[missing.series, missing.packs[0] * PACK_MINUTES].append(missing)
    known = _known_packs(hub) if by_pack else set()
    lost = [
        Dropped(
            series.site,
            series.device,
            series.kind,
            PackInterval(start),
            len(media),
            sum(one.size for one in media),
        )
        for (series, start), media in by_pack.items()
        if (series, start) not in known
    ]
    copies = LostObjects() if hub.cold is None else repair_copies(hub.data / "archive", hub.cold)
    _hand_over(hub, [*lost, *copies.lost], now)
    repaired = sum(one.count for one in lost)
    left = sum(map(len, by_pack.values())) - repaired + copies.left
    return RepairReport(repaired + sum(one.count for one in copies.lost), left, copies.sent_again)


def _known_packs(hub: HubConfig) -> set[tuple[Series, int]]:
    """Those of which the archive still has something: an event about one of them would hide that too."""
    archive = hub.data / "archive"
    if not (archive / NAME).exists():
        return set()
    with closing(open_to_read(archive)) as index:
        rows = index.execute("select site, device, kind, start from packs join series using (series)")
        return {(Series(site, device, kind), start) for site, device, kind, start in rows}


def _hand_over(hub: HubConfig, lost: list[Dropped], now: datetime) -> None:
    if not lost:
        return
    bodies = [(one.id, to_bytes(one).decode()) for one in events(ExpiredPacks(RULE, tuple(lost)), now)]
    packs = [(one.kind, one.site, one.device, one.interval.start, one.interval.minutes) for one in lost]
    with view_files.locked(hub.data, RETENTION):
        file = view_files.file_of(hub.data, RETENTION)
        if file is None:
            raise view_files.NoView("the consumer 'retention' has not run yet, and nothing was deleted")
        with closing(view_files.connect(file)) as state, transaction(state):
            # The index forgets them where it knows them still: their objects are gone.
            state.executemany("insert into packs values (?, ?, ?, ?, ?)", packs)
            state.executemany("insert or ignore into planned values (?, ?)", bodies)
