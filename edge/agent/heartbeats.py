"""Makes the heartbeats of an agent: one measurement of the machine for all of its devices."""

import time
from pathlib import Path

import structlog

from bus_schemas.node import Heartbeat, HeartbeatStatus, SystemLoad
from edge.agent.event_emitter import EventEmitter
from edge.agent.system_load import MachineLoad
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
        self._began = time.monotonic()

    def measure(self, status: HeartbeatStatus) -> Heartbeat:
        """What all devices say; what each says besides is up to the caller."""
        return Heartbeat(
            status=status,
            uptime_s=round(time.monotonic() - self._began, 1),
            system=self._load(),
            disk_id=disk_id(self._data),
            node=self._node,
            outbox_rows=int(self._relay.statistics()["failed_queue_size"]),
            outbox_bytes=self._emitter.outbox_bytes,
        )

    def _load(self) -> SystemLoad:
        """Empty where the machine reports nothing: a heartbeat needs no figures."""
        try:
            return self._machine.measure()
        except Exception as error:  # noqa: BLE001  (drivers of this machine raise anything)
            log.warning("load of the machine unknown", reason=type(error).__name__)
            return SystemLoad()
