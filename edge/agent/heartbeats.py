"""Makes the heartbeats of an agent: one measurement of the machine for all of its devices."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import structlog

from bus_schemas.agent import LinkStatistics
from bus_schemas.limits import clip
from bus_schemas.node import Heartbeat, HeartbeatStatus, SensorHealth, SystemLoad
from edge.agent.clock_state import is_synchronised
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.health import Facts
from edge.agent.leftovers import Leftovers
from edge.agent.network_state import networks
from edge.agent.picture_thinning import PictureThinning
from edge.agent.system_load import AgentLoad, MachineLoad
from producer.outbox.disk_id import disk_id
from producer.outbox.tables import Draft
from producer.relay.relay import Relay

log = structlog.get_logger(__name__)


class Heartbeats:
    """Used by the main thread of the agent `node`."""

    def __init__(
        self,
        node: str,
        data: Path,
        emitter: EventEmitter,
        relay: Relay,
        thinning: PictureThinning,
        leftovers: Leftovers,
    ) -> None:
        self._node = node
        self._data = data
        self._emitter = emitter
        self._relay = relay
        self._thinning = thinning
        self._leftovers = leftovers
        self._machine = MachineLoad(data)
        self._process = AgentLoad()
        self._began = time.monotonic()

    def has_link_changed(self, now: float) -> bool:
        """Whether other pictures are taken from now on, because of what the link carries."""
        changed = self._thinning.poll(is_too_slow=self._relay.gives_up_pictures, now=now)
        if changed:
            log.info("other pictures for the link", pictures=self._thinning.pictures)
        return changed

    def measure(self, status: HeartbeatStatus) -> Heartbeat:
        """The part that is the same for all devices. A figure that cannot be, or cannot be measured, costs the figures
        and not the agent.
        """
        try:
            return self._measured(status)
        except Exception as error:  # noqa: BLE001  (a kernel without a free file, or a count that cannot be)
            log.error("figures of the agent are unknown", reason=repr(error))
            return Heartbeat(status=status, uptime_s=self._uptime_s(), disk_id=disk_id(self._data), node=self._node)

    def _uptime_s(self) -> float:
        return round(time.monotonic() - self._began, 1)

    def _measured(self, status: HeartbeatStatus) -> Heartbeat:
        sent = self._relay.statistics()
        return Heartbeat(
            status=status,
            uptime_s=self._uptime_s(),
            system=self._load(),
            disk_id=disk_id(self._data),
            node=self._node,
            outbox_rows=int(sent["failed_queue_size"]) + self._leftovers.rows,
            outbox_bytes=self._emitter.outbox_bytes + self._leftovers.bytes,
            clock_synchronised=is_synchronised(),
            process=self._process.measure(),
            link=self._link(sent),
            networks=networks(),
        )

    def drafts(
        self,
        status: HeartbeatStatus,
        devices: Iterable[DeviceRunner],
        restarts_of: Callable[[DeviceRunner], int],
        time: datetime,
    ) -> list[Draft]:
        """One for each device."""
        beat = self.measure(status)
        return [device.event_factory.event(_of(beat, device, restarts_of(device)), time) for device in devices]

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
            pictures=self._thinning.pictures,
        )

    def _load(self) -> SystemLoad:
        """Empty where the machine reports nothing: a heartbeat needs no figures."""
        try:
            return self._machine.measure()
        except Exception as error:  # noqa: BLE001  (drivers of this machine raise anything)
            log.warning("load of the machine unknown", reason=type(error).__name__)
            return SystemLoad()


def _of(beat: Heartbeat, device: DeviceRunner, restarts: int) -> Heartbeat:
    """The part of one device."""
    now = time.monotonic()
    sensors = tuple(_sensor(facts, restarts, now) for facts in device.facts)
    return beat.model_copy(update={"commands": device.commands, "capture": device.captured(), "sensors": sensors})


def _sensor(facts: Facts, restarts: int, now: float) -> SensorHealth:
    reason = facts.why(now)
    return SensorHealth(
        kind=facts.kind,
        status=facts.status(now),
        reason=None if reason is None else clip(reason),
        consecutive_failures=facts.failures,
        total_reconnects=facts.reconnects,
        last_frame_time=facts.last_frame,
        restarts=restarts,
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
