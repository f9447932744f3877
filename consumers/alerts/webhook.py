"""Posts alerts to an address: at least once, in order, tried again for days, and recognisable by their id."""

import random
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import structlog
from pydantic_core import to_json

from bus_schemas.alert import AlertEvent
from bus_schemas.event import Event, iso
from consumers.hub import Hub, Webhook
from consumers.journal.record import Recorded
from consumers.sink import Sink
from producer.ids import Clock

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 3600.0
GIVE_UP_S = 3 * 86_400.0
REMEMBERED = 10_000

log = structlog.get_logger()

Post = Callable[[str, bytes], None]
"""Posts a body under an idempotency key. Raises `NotTaken`."""


class NotTaken(OSError):
    """The other side did not answer, or not with success. The message does not name the address."""


class WebhookSink(Sink):
    """A queue that outlives a restart. One that does not go holds up those behind it: order is kept."""

    name: ClassVar[str] = "webhook"
    models: ClassVar[tuple[type[Event], ...]] = (AlertEvent,)
    schema: ClassVar[str] = """
    create table if not exists queue (
        number integer primary key, event_id text not null unique, body blob not null, born real not null,
        attempts integer not null default 0, due real not null, ended text
    ) strict;
    """

    def __init__(self, post: Post | None, clock: Clock) -> None:
        self._post = post
        self._clock = clock

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        """Without an address nothing waits for one."""
        if self._post is not None:
            now = self._clock().timestamp()
            rows = [
                (record.event.id, body_of(record.event), now, now)
                for record in batch
                if isinstance(record.event, AlertEvent) and record.event.data.state != "acknowledged"
            ]
            query = "insert or ignore into queue (event_id, body, born, due) values (?, ?, ?, ?)"
            state.executemany(query, rows)
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        while self._post is not None and self._send_next(state, self._post):
            pass

    def _send_next(self, state: sqlite3.Connection, post: Post) -> bool:
        """Whether one went, so that the next may."""
        now = self._clock().timestamp()
        oldest = state.execute(
            "select number, event_id, body, born, attempts, due from queue where ended is null order by number limit 1"
        ).fetchone()
        if oldest is None or oldest[5] > now:
            return False
        number, event_id, body, born, attempts, _ = oldest
        try:
            post(event_id, body)
        except NotTaken as error:
            self._put_off(state, number, attempts + 1, born, str(error))
            return False
        self._end(state, number, "delivered")
        return True

    def _put_off(self, state: sqlite3.Connection, number: int, attempts: int, born: float, reason: str) -> None:
        now = self._clock().timestamp()
        if now - born > GIVE_UP_S:
            log.error("webhook given up", attempts=attempts, reason=reason)
            self._end(state, number, "given up")
            return
        log.warning("webhook not taken", attempts=attempts, reason=reason)
        due = now + retry_s(attempts, random.random())
        state.execute("update queue set attempts = ?, due = ? where number = ?", (attempts, due, number))

    def _end(self, state: sqlite3.Connection, number: int, how: str) -> None:
        """It is remembered for a while: the same batch may be delivered again."""
        state.execute("update queue set ended = ?, body = x'' where number = ?", (how, number))
        state.execute("delete from queue where ended is not null and number <= ?", (number - REMEMBERED,))


def retry_s(attempts: int, share: float) -> float:
    """How long to wait after so many attempts: twice as long each time, and at least half of it, by chance."""
    longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts - 1, 20))
    return longest * (1 + share) / 2


def body_of(event: AlertEvent) -> bytes:
    alert = event.data
    return to_json(
        {
            "id": alert.alert_id,
            "event_id": event.id,
            "type": alert.type,
            "state": alert.state,
            "level": alert.level,
            "message": alert.message,
            "site": alert.site,
            "device": alert.device,
            "camera_name": alert.device,
            "details": alert.details,
            "media": alert.media,
            "timestamp": iso(event.time),
        }
    )


def poster(webhook: Webhook) -> Post:
    """Raises `ValueError` where the address is none of the web."""
    if not webhook.url.startswith(("https://", "http://")):
        raise ValueError("the address of the webhook begins with neither https:// nor http://")

    def post(event_id: str, body: bytes) -> None:
        request = urllib.request.Request(webhook.url, body, method="POST")  # noqa: S310 - its scheme was looked at
        request.add_header("Content-Type", "application/json")
        request.add_header("Idempotency-Key", event_id)
        try:
            with urllib.request.urlopen(request, timeout=webhook.timeout_s):  # noqa: S310 - its scheme was looked at
                return
        except urllib.error.HTTPError as error:
            error.close()
            raise NotTaken(f"status {error.code}") from None
        except urllib.error.URLError as error:
            raise NotTaken(f"{type(error.reason).__name__}") from None
        except OSError as error:
            raise NotTaken(type(error).__name__) from None

    return post


def webhook_sink(hub: Hub) -> WebhookSink:
    return WebhookSink(None if hub.webhook is None else poster(hub.webhook), lambda: datetime.now(UTC))
