"""Makes the heartbeats of an agent: one measurement of the machine for all of its devices."""

import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from bus_schemas.agent import LinkStatistics
from bus_schemas.node import Heartbeat, HeartbeatStatus, SystemLoad
from edge.agent.clock_state import is_synchronised
from edge.agent.event_emitter import EventEmitter
from edge.agent.network_state import networks
from edge.agent.system_load import AgentLoad, MachineLoad
from producer.outbox.disk_id import disk_id
from producer.relay.relay import Relay

log = structlog.get_logger(__name__)


class Heartbeats:
    """Used by the main thread of the agent `node`."""

    def __init__(self, node: str, data: Path, emitter: EventEmitter, relay: Relay) -> None:
        self._node = node
        self._data = data
        self._emitter = emitter
        self._relay = relay
        self._machine = MachineLoad(data)
        self._process = AgentLoad()
        self._began = time.monotonic()

    def measure(self, status: HeartbeatStatus) -> Heartbeat:
        """What all devices say; what each says besides is up to the caller."""
        sent = self._relay.statistics()
        return Heartbeat(
            status=status,
            uptime_s=round(time.monotonic() - self._began, 1),
            system=self._load(),
            disk_id=disk_id(self._data),
            node=self._node,
            outbox_rows=int(sent["failed_queue_size"]),
            outbox_bytes=self._emitter.outbox_bytes,
            clock_synchronised=is_synchronised(),
            process=self._process.measure(),
            link=self._link(sent),
            networks=networks(),
        )

    def _link(self, sent: Mapping[str, int | bool]) -> LinkStatistics:
        round_trip_s, durable_s = self._relay.round_trips_s
        return LinkStatistics(
            messages=sent["messages_published"],
            messages_failed=sent["messages_failed"],
            bytes_sent=sent["bytes_sent"],
            bytes_saved=sent["bytes_saved_compression"],
            reconnects=sent["reconnection_count"],
            retries=sent["retries_successful"],
            events_resent=sent["events_resent"],
            round_trip_ms=_milliseconds(round_trip_s),
            durable_ms=_milliseconds(durable_s),
        )

    def _load(self) -> SystemLoad:
        """Empty where the machine reports nothing: a heartbeat needs no figures."""
        try:
            return self._machine.measure()
        except Exception as error:  # noqa: BLE001  (drivers of this machine raise anything)
            log.warning("load of the machine unknown", reason=type(error).__name__)
            return SystemLoad()


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
