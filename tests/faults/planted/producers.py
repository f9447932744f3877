"""Planted bugs of producers: outbox, relay, clock, and the identity of an agent."""

from tests.faults.planted.mutant import Mutant

PRODUCER = ("tests/unit/producer",)
RELAY = ("tests/unit/producer", "tests/integration/test_relay.py")
ENROLMENT = ("tests/unit/edge/agent/enrolment/test_remote.py",)

MUTANTS: dict[str, Mutant] = {
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
        "        self.emit_clock_steps()\n        if not drafts:\n            return True\n",
        "        if drafts:\n            self._outbox.put(*drafts)\n"
        "        self.emit_clock_steps()\n        return True\n",
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
    "emitted_before_it_is_durable": Mutant(
        "producer/relay/delivery.py",
        "        if not self._is_on_disk():\n            return False\n",
        "",
        ("tests/unit/producer/relay/test_delivery.py",),
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
}
