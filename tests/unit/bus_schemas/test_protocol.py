"""Messages that are no events: what one part writes, the other reads."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bus_schemas.protocol import (
    Claim,
    CommandRequest,
    DeviceReport,
    Head,
    HubReport,
    IngestStatus,
    Message,
    ProcessFaults,
    Watermark,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)

EXAMPLES: tuple[Message, ...] = (
    Watermark(source="/sites/DEMO/devices/yard", epoch="e1", sequence=7, session="s"),
    Head(position=2**40),
    Claim(instance="i", node="pi", host="shed", pid=17, since=NOON, established=False, asks=True),
    CommandRequest(request_id="r1", name="settings", by="Ada", settings={"motion": {"sensitivity": 30}}),
    IngestStatus(
        time=NOON,
        started=NOON,
        state="running",
        position=9,
        messages=8,
        accepted=7,
        rejected=1,
        media=0,
        received_per_s=3.5,
        lag_s=0.002,
    ),
    ProcessFaults(process="alerts", time=NOON),
    DeviceReport(condition="critical", types=("hot_spot", "freeze"), since=NOON, as_of=NOON),
    HubReport(condition="error", problems=("ingest does not work (system_error)",), as_of=NOON),
)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert type(message).model_validate_json(message.to_bytes()) == message


def test_what_is_not_known_is_left_out() -> None:
    assert Watermark(source="s", epoch="e", sequence=0).to_bytes() == b'{"source":"s","epoch":"e","sequence":0}'


def test_a_key_of_a_newer_release_is_passed_over() -> None:
    assert Head.model_validate_json(b'{"position": 3, "shard": 1}') == Head(position=3)


@pytest.mark.parametrize("sequence", ["-1", "9223372036854775808", "1.5", "null", '"x"'])
def test_a_watermark_that_no_stream_reaches_is_refused(sequence: str) -> None:
    with pytest.raises(ValidationError, match="sequence"):
        Watermark.model_validate_json(f'{{"source": "s", "epoch": "e", "sequence": {sequence}}}')


def test_of_two_claims_the_established_stays_then_the_older() -> None:
    early = Claim(instance="a", node="n", host="h", pid=1, since=NOON, established=False)
    late = early.model_copy(update={"instance": "b", "since": NOON.replace(hour=13)})

    assert early.rank < late.rank
    assert late.model_copy(update={"established": True}).rank < early.rank
