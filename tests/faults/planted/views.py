"""Planted bugs of the engine, of views, of alerting, and of who may enrol."""

from tests.faults.planted.mutant import Mutant

CONSUMERS = (
    "tests/contract/test_consumers.py",
    "tests/unit/consumers/engine/test_runner.py",
    "tests/unit/consumers/engine/test_view_readers.py",
)
AS_OF = ("tests/contract/test_as_of.py",)
ALERTING = (
    "tests/unit/consumers/alerting/test_frame_transitions.py",
    "tests/unit/consumers/alerting/test_hub_transitions.py",
    "tests/unit/consumers/alerting/test_presence_transitions.py",
)
REVIEWS = ("tests/unit/consumers/alerting/test_reviews.py",)
MUTES = ("tests/unit/consumers/alerting/test_mutes.py",)
CODES = ("tests/unit/gateway/agents/test_codes.py",)
EXCHANGE = ("tests/integration/gateway/test_enrolments.py",)
HOLDS = ("tests/unit/consumers/upkeep/retention/test_holding.py", "tests/unit/consumers/views/test_holds.py")
MINUTES = ("tests/unit/consumers/views/test_mosaics.py", "tests/unit/consumers/views/test_ring_of_a_day.py")
WAREHOUSE = (
    "tests/unit/consumers/views/warehouse",
    "tests/integration/warehouse/test_store.py",
    "tests/integration/warehouse/test_warehouse.py",
)

MUTANTS: dict[str, Mutant] = {
    "good_frame_opens": Mutant(
        "consumers/alerting/incidents/frame_rules.py",
        "if bad and window.is_bad(number, rules)",
        "if window.is_bad(number, rules)",
        ALERTING,
    ),
    "over_counts_for_what_begins": Mutant(
        "consumers/alerting/incidents/frame_rules.py",
        "            window.restart(number)\n",
        "",
        ALERTING,
    ),
    "will_dated_at_connection": Mutant(
        "consumers/alerting/incidents/losses.py",
        "        since=received,\n",
        "        since=record.time_s,\n",
        ALERTING,
    ),
    "recovered_without_evidence": Mutant(
        "consumers/alerting/incidents/presence.py",
        "if lost is not None and lost.is_disproved(received, taken):",
        "if lost is not None:",
        ALERTING,
    ),
    "hub_believes_losses_of_its_deafness": Mutant(
        "consumers/alerting/incidents/book.py",
        'if how == "connection" and self._hub.doubts(received):',
        "if False:",
        ALERTING,
    ),
    "checkpoint_outside_the_transaction": Mutant(
        "consumers/engine/follower.py",
        "            checkpoint.save(view, upto)\n            checkpoint.resume(view)\n        self.projection",
        "            checkpoint.resume(view)\n        checkpoint.save(view, upto)\n        self.projection",
        CONSUMERS,
    ),
    "failing_fold_skipped": Mutant(
        "consumers/engine/folding.py",
        "            folded.refused.append(set_aside.of(record, fault.__cause__ or fault, self.clock()))\n",
        "",
        CONSUMERS,
    ),
    "emission_in_a_rebuild": Mutant(
        "consumers/engine/folding.py",
        "    silent = checkpoint.silent_until(view) if projection.emits else 0\n",
        "    silent = 0\n",
        CONSUMERS,
    ),
    "lost_journal_not_noticed": Mutant(
        "consumers/engine/checkpoint.py",
        "    return bool(found and journal_id and found[0] != journal_id)\n",
        "    return False\n",
        ("tests/unit/consumers/engine/test_another_journal.py",),
    ),
    "minutes_open_again": Mutant(
        "consumers/views/mosaics/ring.py",
        "self._closed[site] = max(last, newest)",
        "self._closed[site] = newest",
        ("tests/unit/consumers/views/test_mosaics.py",),
    ),
    "version_of_a_row_never_ends": Mutant(
        "consumers/engine/versions.py",
        "and until = {FOREVER} and position < :position",
        "and until = {FOREVER} and position < 0",
        AS_OF,
    ),
    "past_of_health_without_its_clock": Mutant(
        "consumers/views/health/past_view.py",
        "            set_clock(past, begun.clock)\n",
        "",
        AS_OF,
    ),
    "past_knows_what_came_later": Mutant(
        "consumers/views/health/past_view.py",
        "[record for record in batch.records if record.position <= upto]",
        "batch.records",
        AS_OF,
    ),
    "undone_review_counts": Mutant(
        "consumers/alerting/review/reviews.py",
        'u.undoes = r.event_id and u.position <= :upto)"""\nSTATE',
        'u.undoes = r.event_id and u.position < 0)"""\nSTATE',
        REVIEWS,
    ),
    "another_site_reviews": Mutant(
        "consumers/alerting/review/reviews.py",
        "incident_id = value and site != ? and ? != ?)",
        "incident_id = value and site != ? and ? != ? and false)",
        REVIEWS,
    ),
    "mute_of_one_type_holds_for_all": Mutant(
        "consumers/alerting/review/mutes.py",
        "    and (types = '[]' or exists (select 1 from json_each(types) where value = :type))\n",
        "",
        MUTES,
    ),
    "mute_outlives_its_end": Mutant(
        "consumers/alerting/review/mutes.py",
        "start <= :at and end > :at",
        "start <= :at",
        MUTES,
    ),
    "ended_mute_still_holds": Mutant(
        "consumers/alerting/review/mutes.py",
        "site = :site and state = 'placed' and",
        "site = :site and",
        MUTES,
    ),
    "code_works_twice": Mutant(
        "gateway/agents/exchange.py",
        "    if agent.entry.code_expires is None:\n",
        "    if False:\n",
        EXCHANGE,
    ),
    "code_never_expires": Mutant(
        "gateway/agents/codes.py",
        "one.sha256, wanted) and one.expires > now.timestamp():",
        "one.sha256, wanted):",
        CODES,
    ),
    "moment_of_a_note_without_its_surroundings": Mutant(
        "consumers/views/holds.py",
        "around = AROUND if self.start == self.end else timedelta(0)",
        "around = timedelta(0)",
        HOLDS,
    ),
    "revision_depends_on_batches": Mutant(
        "consumers/views/mosaics/drawn_minutes.py",
        "revision = before.revision + times",
        "revision = before.revision + 1",
        MINUTES,
    ),
    "late_picture_of_the_newest_minute_is_not_drawn": Mutant(
        "consumers/views/mosaics/ring.py",
        "for minute in minutes if minute <= closed)",
        "for minute in minutes if minute < closed)",
        MINUTES,
    ),
    "checkpoint_of_rows_before_the_rows": Mutant(
        "consumers/views/warehouse/store.py",
        "        inserted = {}\n        for table, columns",
        "        self.save(upto)\n        inserted = {}\n        for table, columns",
        WAREHOUSE,
    ),
    "rows_beyond_the_checkpoint_go_in_again": Mutant(
        "consumers/views/warehouse/store.py",
        "    if not there:\n        return columns\n",
        "    if len(there) >= 0:\n        return columns\n",
        WAREHOUSE,
    ),
    "rows_of_dropped_days_are_lost_by_a_rebuild": Mutant(
        "consumers/views/warehouse/store.py",
        "where position < {{floor:UInt64}}",
        "where position < {{floor:UInt64}} - 1",
        WAREHOUSE,
    ),
    "rows_of_a_lost_journal_stay": Mutant(
        "consumers/views/warehouse/store.py",
        "if not journal_id or known == journal_id:",
        "if not journal_id or known:",
        WAREHOUSE,
    ),
    "rows_of_a_day_dropped_meanwhile_are_lost": Mutant(
        "consumers/views/warehouse/warehouse.py",
        "        if journal.floor() != floor:\n",
        "        if False:\n",
        WAREHOUSE,
    ),
}
