"""Planted bugs of journal and archive, and of what maintains them."""

from tests.faults.planted.mutant import Mutant

INGEST = ("tests/unit/consumers/ingest",)
JOURNAL = (
    "tests/unit/consumers/store/journal",
    "tests/contract/journal/test_journal.py",
    "tests/contract/journal/test_questions.py",
    "tests/contract/journal/test_reading.py",
)
ARCHIVE = ("tests/unit/consumers/store/archive",)
HOLDS = ("tests/unit/consumers/upkeep/retention/test_holding.py", "tests/unit/consumers/views/test_holds.py")
TILE_BUCKET = ("tests/integration/tile_bucket/test_publisher.py",)

MUTANTS: dict[str, Mutant] = {
    "watermark_before_commit": Mutant(
        "consumers/store/journal/writer.py",
        "        with transaction(self._today) as today:\n            group.write(today)\n",
        "        self._streams.update(group.changed)\n"
        "        with transaction(self._today) as today:\n            group.write(today)\n",
        (*JOURNAL, *INGEST),
    ),
    "foreign_forgotten_at_midnight": Mutant(
        "consumers/store/journal/writer.py",
        "filter(None, (self._today, self._previous)):\n                known.update",
        "filter(None, (self._today,)):\n                known.update",
        JOURNAL,
    ),
    "rows_left_out_of_a_group": Mutant(
        "consumers/store/journal/writer.py",
        "ROWS_PER_STATEMENT = (500, 50, 5, 1)",
        "ROWS_PER_STATEMENT = (500, 50, 5)",
        (*JOURNAL, *INGEST),
    ),
    "clock_that_goes_back_opens_yesterday": Mutant(
        "consumers/store/journal/writer.py",
        "        if now <= self._day:\n",
        "        if now == self._day:\n",
        JOURNAL,
    ),
    "watermarks_forgotten_at_midnight": Mutant(
        "consumers/store/journal/days.py",
        'before.execute("select * from streams")',
        'before.execute("select * from streams where false")',
        JOURNAL,
    ),
    "journal_not_synced": Mutant(
        "consumers/store/journal/days.py",
        'connection.execute("pragma synchronous = full")\n    connection.execute("pragma wal_autocheckpoint',
        'connection.execute("pragma synchronous = off")\n    connection.execute("pragma wal_autocheckpoint',
        JOURNAL,
    ),
    "pack_not_synced": Mutant(
        "consumers/store/archive/disk.py",
        "            sync_all(packs, folders, self._syncs)\n",
        "            pass\n",
        ARCHIVE,
    ),
    "torn_pack_not_read": Mutant(
        "consumers/store/archive/recovery.py",
        "if known.get(path) != sizes.get(path)]",
        "if (sizes.get(path) or 0) < (known.get(path) or 0)]",
        ARCHIVE,
    ),
    "packs_stay_open": Mutant(
        "consumers/store/archive/packs.py",
        "            stack.callback(os.close, packs[-1].descriptor)\n",
        "            pass\n",
        ARCHIVE,
    ),
    "everybody_pays": Mutant(
        "consumers/upkeep/retention/shares.py",
        "        if left.get(device, 0) <= level:\n",
        "        if device not in left:\n",
        ("tests/unit/consumers/upkeep/retention",),
    ),
    "freed_before_it_is_measured": Mutant(
        "consumers/upkeep/retention/sink.py",
        "        while disk.used > expected and monotonic() < until and",
        "        disk = Disk(disk.total, expected)\n        while disk.used > expected and monotonic() < until and",
        ("tests/unit/consumers/upkeep/retention",),
    ),
    "syncs_not_waited_for": Mutant(
        "consumers/store/archive/packs.py",
        "    results_of(syncs)\n",
        "    pass\n",
        ARCHIVE,
    ),
    "a_lease_is_not_looked_at": Mutant(
        "consumers/store/claims/lease.py",
        "            if claim.until > now and claim.lock != self._locks[consumer]:\n                raise",
        "            if False:\n                raise",
        ("tests/unit/consumers/store/test_claims.py",),
    ),
    "held_packs_are_deleted": Mutant(
        "consumers/upkeep/retention/holding.py",
        "(held if holds_of(pack, rows) else free).append(pack)",
        "free.append(pack)",
        HOLDS,
    ),
    "hold_that_is_not_folded_yet_is_not_seen": Mutant(
        "consumers/upkeep/retention/holding.py",
        "            if view is not None and not reader.read(position, HoldsProjection.models, 1).records:\n",
        "            if view is not None:\n",
        HOLDS,
    ),
    "nobody_knows_the_holds_so_all_goes": Mutant(
        "consumers/upkeep/retention/holding.py",
        "            raise HoldsUnknown(",
        "            return []\n            raise HoldsUnknown(",
        HOLDS,
    ),
    "corrected_minute_stays_old_in_the_bucket": Mutant(
        "consumers/upkeep/tile_bucket/site_index.py",
        "(revision != known.revision(minute) or minute == last)",
        "(known.revision(minute) is None or minute == last)",
        TILE_BUCKET,
    ),
}
