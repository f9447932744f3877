"""Notices another hub at the same broker, by the status that its ingest publishes every two seconds."""

from datetime import datetime
from typing import Final

from pydantic import ValidationError

from bus_schemas.protocol import IngestStatus

GONE_AFTER_S: Final = 15.0


class OtherHubs:
    """Ingest receives nothing of what it publishes itself; what is retained may be of a journal that is gone, and comes
    once.
    """

    def __init__(self, journal_id: str | None) -> None:
        self._journal_id = journal_id
        self._first: tuple[str, datetime] | None = None
        self._position = 0
        self._seen_at: float | None = None

    def take(self, payload: bytes, now: float) -> None:
        try:
            status = IngestStatus.model_validate_json(payload)
        except ValidationError:
            return
        if status.journal_id in (None, self._journal_id):
            return
        journal_id = str(status.journal_id)
        if self._first is None or self._first[0] != journal_id:
            self._first = (journal_id, status.time)
        elif status.time != self._first[1]:
            self._position, self._seen_at = status.position, now

    def sentence(self, now: float) -> str | None:
        """The sentence of the fault while another hub is heard on this broker; `None` where there is none."""
        if self._seen_at is None or now - self._seen_at > GONE_AFTER_S:
            return None
        journal_id = "" if self._first is None else self._first[0]
        return (
            f"Another hub takes in what is sent to this broker too: its journal {journal_id} is at position"
            f" {self._position:,}, ours is {self._journal_id}. Each receives the alerts and faults of the other as its"
            " own. Give each hub a broker of its own."
        )
