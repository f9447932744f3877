"""Planted bugs of ingest: what is accepted, in which order it is written, announced and acknowledged."""

from tests.faults.planted.mutant import Mutant

INGEST = ("tests/unit/consumers/ingest",)

MUTANTS: dict[str, Mutant] = {
    "ack_before_append": Mutant(
        "consumers/ingest/intake.py",
        "        plan = self._commit(at_once)\n",
        "        bus.acknowledge(messages)\n        plan = self._commit(at_once)\n",
        INGEST,
    ),
    "ack_before_media": Mutant(
        "consumers/ingest/intake.py",
        "        (items, stored), self._storing = self._storing, None\n",
        "        (items, stored), self._storing = self._storing, None\n"
        "        if bus is not None:\n            bus.acknowledge(self.media._taken[1])\n",
        INGEST,
    ),
    "media_not_waited_for": Mutant(
        "consumers/ingest/intake.py",
        "                stored.result()\n",
        "",
        INGEST,
    ),
    "stream_of_stored_media_not_held": Mutant(
        "consumers/ingest/media_batch.py",
        "        waiting = self._streams | (set() if self._taken is None else self._taken[2])\n",
        "        waiting = set(self._streams)\n",
        INGEST,
    ),
    "ack_before_watermark": Mutant(
        "consumers/ingest/intake.py",
        "        now = time.monotonic()\n        self.announcer.advanced(",
        "        now = time.monotonic()\n        bus.acknowledge(messages)\n        self.announcer.advanced(",
        INGEST,
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
    "malformed_place_left_open": Mutant(
        "consumers/ingest/plan.py",
        "        plan.accepted.append(Accepted(gap, to_bytes(gap), rejected.received))\n",
        "",
        INGEST,
    ),
    "damaged_message_believed": Mutant(
        "bus_schemas/checksum.py",
        "            return value == checksum(payload, content_type, properties)\n",
        "            return True\n",
        INGEST,
    ),
    "copied_disk_not_noticed": Mutant(
        "consumers/ingest/plan.py",
        "        plan.passed_over.append(item)\n",
        "        pass\n",
        INGEST,
    ),
    "other_bytes_of_an_id_vanish": Mutant(
        "consumers/ingest/plan.py",
        "    if held.setdefault(event.data.key, event.data.sha256) == event.data.sha256:\n",
        "    if held.setdefault(event.data.key, event.data.sha256):\n",
        ("tests/unit/consumers/ingest/test_reused_ids.py",),
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
}
