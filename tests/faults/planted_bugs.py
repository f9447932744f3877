"""Deliberate bugs, and for each the tests of which one must notice it."""

from dataclasses import dataclass

INGEST = ("tests/unit/consumers/ingest",)
JOURNAL = (
    "tests/unit/consumers/store/journal",
    "tests/contract/journal/test_journal.py",
    "tests/contract/journal/test_questions.py",
    "tests/contract/journal/test_reading.py",
)
ARCHIVE = ("tests/unit/consumers/store/archive",)
PRODUCER = ("tests/unit/producer",)
RELAY = ("tests/unit/producer", "tests/integration/test_relay.py")
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
ENROLMENT = ("tests/unit/edge/agent/enrolment/test_remote.py",)
CODES = ("tests/unit/gateway/agents/test_codes.py",)
EXCHANGE = ("tests/integration/gateway/test_enrolments.py",)
HOLDS = ("tests/unit/consumers/upkeep/retention/test_holding.py", "tests/unit/consumers/views/test_holds.py")
MINUTES = ("tests/unit/consumers/views/test_mosaics.py", "tests/unit/consumers/views/test_ring_of_a_day.py")
WAREHOUSE = (
    "tests/unit/consumers/views/warehouse",
    "tests/integration/warehouse/test_store.py",
    "tests/integration/warehouse/test_warehouse.py",
)
TILE_BUCKET = ("tests/integration/tile_bucket/test_publisher.py",)


@dataclass(frozen=True)
class Mutant:
    """In `file`, `old` (which is there once) becomes `new`; one of `tests` must fail then."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


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
    "ack_before_append": Mutant(
        "consumers/ingest/intake.py",
        "        plan = self._commit(at_once)\n",
        "        bus.acknowledge(messages)\n        plan = self._commit(at_once)\n",
        INGEST,
    ),
    "ack_before_media": Mutant(
        "consumers/ingest/intake.py",
        "        plan = self._commit(self.media.items)\n        messages = self.media.messages\n",
        "        messages = self.media.messages\n        if bus is not None:\n            bus.acknowledge(messages)\n"
        "        plan = self._commit(self.media.items)\n",
        INGEST,
    ),
    "ack_before_watermark": Mutant(
        "consumers/ingest/intake.py",
        "        now = time.monotonic()\n        self.announcer.advanced(",
        "        now = time.monotonic()\n        bus.acknowledge(messages)\n        self.announcer.advanced(",
        INGEST,
    ),
    "watermark_before_commit": Mutant(
        "consumers/store/journal/writer.py",
        "        with transaction(self._today) as today:\n            group.write(today)\n",
        "        self._streams.update(group.changed)\n"
        "        with transaction(self._today) as today:\n            group.write(today)\n",
        (*JOURNAL, *INGEST),
    ),
    "media_after_the_event": Mutant(
        "consumers/ingest/intake.py",
        "            self._archive.store(plan.media)\n            if plan.accepted or plan.rejected:\n"
        "                self._append(plan.accepted, plan.rejected)\n",
        "            if plan.accepted or plan.rejected:\n"
        "                self._append(plan.accepted, plan.rejected)\n"
        "            self._archive.store(plan.media)\n",
        INGEST,
    ),
    "no_dedup_of_overlap": Mutant(
        "consumers/ingest/continuity.py",
        "        return SequencePosition.KNOWN\n",
        "        return SequencePosition.NEXT\n",
        INGEST,
    ),
    "hole_accepted": Mutant(
        "consumers/ingest/continuity.py",
        "return SequencePosition.NEXT if first <= watermark + 1 else SequencePosition.BEYOND_A_HOLE",
        "return SequencePosition.NEXT",
        INGEST,
    ),
    "hole_not_answered": Mutant(
        "consumers/ingest/intake.py",
        "(plan.holes | plan.repeated) - plan.advanced",
        "plan.repeated - plan.advanced",
        INGEST,
    ),
    "foreign_dedup_dropped": Mutant(
        "consumers/ingest/plan.py",
        "    if foreign in seen:\n        return False\n",
        "",
        INGEST,
    ),
    "foreign_forgotten_at_midnight": Mutant(
        "consumers/store/journal/writer.py",
        "filter(None, (self._today, self._previous)):\n                known.update",
        "filter(None, (self._today,)):\n                known.update",
        JOURNAL,
    ),
    "unknown_field_decoded_fast": Mutant(
        "consumers/ingest/fast_decode.py",
        "        gc=False,\n        kw_only=True,\n        forbid_unknown_fields=True,\n    )\n\n\ndef _field(",
        "        gc=False,\n        kw_only=True,\n    )\n\n\ndef _field(",
        INGEST,
    ),
    "pattern_fits_before_the_end_of_a_text": Mutant(
        "consumers/ingest/fast_decode.py",
        'pattern[:-1] + r"\\Z"',
        "pattern",
        INGEST,
    ),
    "a_liar_is_decoded_fast": Mutant(
        "consumers/ingest/topic_rules.py",
        "if header.source != self.source or (header.epoch",
        "if (header.epoch",
        INGEST,
    ),
    "rows_left_out_of_a_group": Mutant(
        "consumers/store/journal/writer.py",
        "ROWS_PER_STATEMENT = (500, 50, 5, 1)",
        "ROWS_PER_STATEMENT = (500, 50, 5)",
        (*JOURNAL, *INGEST),
    ),
    "malformed_place_left_open": Mutant(
        "consumers/ingest/plan.py",
        "        plan.accepted.append(Accepted(gap, to_bytes(gap), rejected.received))\n",
        "",
        INGEST,
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
        "            sync_all(packs, self._syncs)\n",
        "            pass\n",
        ARCHIVE,
    ),
    "torn_pack_not_read": Mutant(
        "consumers/store/archive/recovery.py",
        "        if size != end:\n",
        "        if size < end:\n",
        ARCHIVE,
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
    "damaged_message_believed": Mutant(
        "bus_schemas/checksum.py",
        "            return value == checksum(payload, content_type, properties)\n",
        "            return True\n",
        INGEST,
    ),
    "lost_journal_not_noticed": Mutant(
        "consumers/engine/checkpoint.py",
        "    return bool(found and journal_id and found[0] != journal_id)\n",
        "    return False\n",
        ("tests/unit/consumers/engine/test_another_journal.py",),
    ),
    "outbox_forgets_what_was_sent": Mutant(
        "producer/relay/delivery.py",
        "        flow.sent(cursor, message.last, size, now, session.published)\n",
        "        flow.sent(cursor, message.last, size, now, session.published)\n"
        "        self._confirm(flow, cursor, message.last, now)\n",
        RELAY,
    ),
    "outbox_forgets_what_is_not_confirmed": Mutant(
        "producer/outbox/limits.py",
        '" where e.sequence <= s.watermark order by e.position limit 1"',
        '" order by e.position limit 1"',
        PRODUCER,
    ),
    "outbox_not_synced": Mutant(
        "producer/outbox/tables.py",
        'def connect(path: Path, synchronous: str = "full"',
        'def connect(path: Path, synchronous: str = "off"',
        PRODUCER,
    ),
    "relay_does_not_go_back": Mutant(
        "producer/relay/cursor.py",
        "        self.progress_at = now\n        self._rewind()\n",
        "        self.progress_at = now\n",
        RELAY,
    ),
    "relay_sends_again_what_is_slow": Mutant(
        "producer/relay/cursor.py",
        "            self._trust()\n",
        "            pass\n",
        PRODUCER,
    ),
    "alarms_behind_pictures": Mutant(
        "producer/outbox/priority.py",
        "            return Traffic.PICTURES\n",
        "            return Traffic.EVENTS\n",
        RELAY,
    ),
    "relay_believes_another_epoch": Mutant(
        "producer/relay/delivery.py",
        "        if cursor is None or watermark.epoch != cursor.stream.epoch:\n",
        "        if cursor is None:\n",
        RELAY,
    ),
    "silence_not_answered": Mutant(
        "producer/relay/delivery.py",
        "            self._silent_topics.update(asking)\n",
        "",
        PRODUCER,
    ),
    "minutes_open_again": Mutant(
        "consumers/views/mosaics/ring.py",
        "self._closed[site] = max(last, newest)",
        "self._closed[site] = newest",
        ("tests/unit/consumers/views/test_mosaics.py",),
    ),
    "newest_first": Mutant(
        "producer/outbox/backlog.py",
        '" where stream = ? and sequence > ? order by sequence limit ?"',
        '" where stream = ? and sequence > ? order by sequence desc limit ?"',
        RELAY,
    ),
    "commit_goes_through_the_backlog": Mutant(
        "producer/outbox/limits.py",
        "outbox_stream s cross join outbox_event",
        "outbox_stream s join outbox_event",
        PRODUCER,
    ),
    "gap_event_dropped": Mutant(
        "producer/outbox/tables.py",
        "    rows += [gap_row(connection, run) for run in runs.values()]\n",
        "",
        PRODUCER,
    ),
    "forgotten_tail_not_reported": Mutant(
        "producer/relay/messages.py",
        "        if first > after + 1:\n",
        "        if row is None:\n",
        RELAY,
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
    "clock_step_not_taken_over": Mutant(
        "producer/clock.py",
        "            if abs(difference) > STEP_S:\n",
        "            if difference > STEP_S:\n",
        ("tests/unit/producer/test_clock.py",),
    ),
    "held_up_process_sees_a_step": Mutant(
        "producer/clock.py",
        "ended - began > MAX_READING_S or not",
        "not",
        ("tests/unit/producer/test_clock.py",),
    ),
    "clock_step_behind_its_events": Mutant(
        "edge/agent/event_emitter.py",
        "        self.emit_clock_steps()\n        if drafts:\n            self._outbox.put(*drafts, durable=durable)\n",
        "        if drafts:\n            self._outbox.put(*drafts, durable=durable)\n        self.emit_clock_steps()\n",
        ("tests/unit/edge/agent/test_event_emitter.py",),
    ),
    "newcomer_stays": Mutant(
        "bus_schemas/protocol.py",
        "return not self.established, self.since, self.instance",
        "return self.since, self.instance",
        ("tests/unit/edge/agent/identity",),
    ),
    "relay_before_the_claim": Mutant(
        "producer/relay/relay.py",
        "while not (stopping.is_set() or self._allowed() or outbox.is_gone):",
        "while False:",
        RELAY,
    ),
    "copied_disk_not_noticed": Mutant(
        "consumers/ingest/plan.py",
        "        plan.passed_over.append(item)\n",
        "        pass\n",
        INGEST,
    ),
    "emitted_before_it_is_durable": Mutant(
        "producer/relay/delivery.py",
        "        if not self._is_on_disk():\n            return False\n",
        "",
        ("tests/unit/producer/relay/test_delivery.py",),
    ),
    "packs_stay_open": Mutant(
        "consumers/store/archive/packs.py",
        "            stack.callback(os.close, packs[-1].descriptor)\n",
        "            pass\n",
        ARCHIVE,
    ),
    "other_bytes_of_an_id_vanish": Mutant(
        "consumers/ingest/plan.py",
        "    if held.setdefault(event.data.key, event.data.sha256) == event.data.sha256:\n",
        "    if held.setdefault(event.data.key, event.data.sha256):\n",
        ("tests/unit/consumers/ingest/test_reused_ids.py",),
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
        "        sync.result()\n",
        "        pass\n",
        ARCHIVE,
    ),
    "anybody_says_anything_of_what_is_decoded_fast": Mutant(
        "consumers/ingest/topic_rules.py",
        "not isinstance(rule, str) and rule.violation(header.data) is None",
        "not isinstance(rule, str)",
        INGEST,
    ),
    "anybody_says_anything": Mutant(
        "consumers/ingest/acceptance.py",
        "    return unpermitted(event)\n",
        "    return None\n",
        INGEST,
    ),
    "a_lease_is_not_looked_at": Mutant(
        "consumers/store/claims/lease.py",
        "            if claim.until > now and claim.lock != self._locks[consumer]:\n                raise",
        "            if False:\n                raise",
        ("tests/unit/consumers/store/test_claims.py",),
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
    "anybody_configures_an_agent": Mutant(
        "edge/agent/enrolment/signatures.py",
        "        key.verify(signature, signed_bytes(",
        "        print(key, signature, signed_bytes(",
        ENROLMENT,
    ),
    "older_configuration_comes_back": Mutant(
        "edge/agent/enrolment/remote.py",
        "        return signed.version > max(",
        "        return signed.version != max(",
        ENROLMENT,
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
    "moment_of_a_note_without_its_surroundings": Mutant(
        "consumers/views/holds.py",
        "around = AROUND if self.start == self.end else timedelta(0)",
        "around = timedelta(0)",
        HOLDS,
    ),
    "revision_depends_on_batches": Mutant(
        "consumers/views/mosaics/drawn_minutes.py",
        "revision=before.revision + times)",
        "revision=before.revision + 1)",
        MINUTES,
    ),
    "late_picture_of_the_newest_minute_is_not_drawn": Mutant(
        "consumers/views/mosaics/ring.py",
        "for minute in minutes if minute <= closed)",
        "for minute in minutes if minute < closed)",
        MINUTES,
    ),
    "corrected_minute_stays_old_in_the_bucket": Mutant(
        "consumers/upkeep/tile_bucket/site_index.py",
        "(revision != known.revision(minute) or minute == last)",
        "(known.revision(minute) is None or minute == last)",
        TILE_BUCKET,
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
