"""Takes in what the broker has retained of events and media, after each connect."""

import time
from typing import Final

import structlog

from consumers.ingest import packets
from consumers.ingest.connection import BrokerConnection, ConnectFailed, Disconnected
from consumers.ingest.packets import Packet, Published
from consumers.ingest.subscriptions import RETAINED
from producer.broker import BrokerAddress
from producer.client_ids import draw_client_id

QUIET_S: Final = 2.0
"""The broker sends all of it at once: when nothing has come for so long, that was all."""
MOST_S: Final = 120.0

log = structlog.get_logger(__name__)


class _RetainedConnection(BrokerConnection):
    """Passes over what is said now: that comes over the other connection too."""

    def _handle(self, packet: Packet) -> None:
        if packet.kind != packets.PUBLISH or packet.first & packets.RETAINED:
            super()._handle(packet)


class RetainedEvents:
    """A connection of its own: what waits for one subscriber at the broker is bounded, and beyond that the broker drops
    the newest. Whoever has many messages retained costs others nothing of what they say now.
    """

    def __init__(self, broker: BrokerAddress) -> None:
        self._broker = broker
        self._connection: _RetainedConnection | None = None
        self._begun_at = self._news_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self._connection is not None

    def begin(self) -> None:
        """After a connect; without it, what is retained comes after the next one."""
        self.close()
        try:
            self._connection = _RetainedConnection(self._broker, draw_client_id("retained"), RETAINED)
        except ConnectFailed as error:
            log.warning("retained events are not taken in", reason=str(error))
        self._begun_at = self._news_at = time.monotonic()

    def receive(self) -> list[Published]:
        """A group of what has arrived. Ends the connection when that was all."""
        if self._connection is None:
            return []
        try:
            messages = self._connection.receive(0.0)
        except Disconnected as error:
            log.warning("retained events are not taken in", reason=str(error))
            self.close()
            return []
        now = time.monotonic()
        self._news_at = now if messages else self._news_at
        if now - self._news_at > QUIET_S or now - self._begun_at > MOST_S:
            self.close()
        return messages

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
