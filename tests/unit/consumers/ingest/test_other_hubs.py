"""A second hub at one broker is noticed, and nothing else is taken for one."""

from datetime import timedelta

import pytest

from bus_schemas.protocol import IngestStatus
from consumers.ingest.other_hubs import GONE_AFTER_S, OtherHubs
from tests.builders import START

OURS, OTHER = "aaaa", "bbbb"


def status(seconds: float, journal_id: str | None = OTHER) -> bytes:
    return IngestStatus(
        time=START + timedelta(seconds=seconds), started=START, state="running", position=1234, messages=0, accepted=0,
        rejected=0, media=0, received_per_s=0.0, lag_s=0.0, journal_id=journal_id,
    ).to_bytes()  # fmt: skip


def test_another_hub_is_named_while_it_goes_on_and_not_once_it_is_gone() -> None:
    hubs = OtherHubs(OURS)
    for second in (0.0, 2.0, 4.0):
        hubs.take(status(second), second)

    assert str(hubs.sentence(5.0)).startswith("Another hub takes in what is sent to this broker too: its journal bbbb")
    assert "at position 1,234" in str(hubs.sentence(5.0))
    assert hubs.sentence(4.0 + GONE_AFTER_S + 1) is None


@pytest.mark.parametrize(
    "statuses",
    [
        [status(0.0), status(0.0)],
        [status(0.0, OURS), status(2.0, OURS)],
        [status(0.0, None), status(2.0, None)],
        [b"", b"{", b"[" * 5000, b'{"time": 1}'],
    ],
    ids=["what is retained of a journal that is gone", "its own", "one that names no journal", "junk"],
)
def test_nothing_else_is_another_hub(statuses: list[bytes]) -> None:
    hubs = OtherHubs(OURS)
    for second, payload in enumerate(statuses):
        hubs.take(payload, float(second))

    assert hubs.sentence(2.0) is None
