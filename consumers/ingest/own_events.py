"""Writes what ingest knows of the hub itself into the journal: heartbeats, faults, changes of the configuration."""

import time
from dataclasses import dataclass, field
from typing import Final

import structlog

from bus_schemas.protocol import INGEST_RUNNING, INGEST_STOPPED
from bus_schemas.topics import INGEST
from consumers.hub_faults import key_of
from consumers.ingest.connection import BrokerConnection
from consumers.ingest.counters import IngestCounters
from consumers.ingest.faults import FaultTracker
from consumers.ingest.hub_stream import HubStream
from consumers.ingest.intake import BusClient, CannotWrite, Intake
from consumers.ingest.other_hubs import OtherHubs
from consumers.ingest.registry import RegistryKeeper

TURN_S: Final = 0.2
"""The longest that ingest waits for messages before it does what is due."""
STANDSTILL_S: Final = 20.0
BROKER_SILENT_S: Final = 15.0
REPORTS_WITHIN_S: Final = 7.0
"""Some process of the hub reports at least every five seconds."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class OwnEvents:
    """Used by the loop of ingest alone. What cannot be written becomes a fault, and is tried again in the next turn."""

    intake: Intake
    hub_stream: HubStream
    faults: FaultTracker
    registry: RegistryKeeper
    figures: IngestCounters
    other_hubs: OtherHubs = field(init=False)
    _is_short: bool = False
    _alive_at: float = field(default_factory=lambda: time.clock_gettime(time.CLOCK_BOOTTIME))

    def __post_init__(self) -> None:
        self.other_hubs = OtherHubs(self.figures.journal_id)

    def tend(self, connection: BrokerConnection) -> None:
        """Do what is due while a broker is connected."""
        self.mark_alive()
        self.beat(connection)
        self._note_shortage()
        self.write_configuration(connection)
        now = time.monotonic()
        self.registry.tend(now)
        if self.faults.is_due(now):
            self._check_broker(connection, now)
            self.write_faults(connection)
        if self.figures.due(now):
            self._publish_status(connection)

    def tend_without_broker(self) -> None:
        """Time passes in the journal also while nothing can be received."""
        self.mark_alive()
        self.beat(None)
        self.write_faults(None)

    def stop(self) -> None:
        """Write the last heartbeat, and where the registry ends."""
        self.beat(None, last=True)
        self.registry.tend(time.monotonic(), is_last=True)

    def beat(self, bus: BusClient | None, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and not self.hub_stream.due(now):
            return
        try:
            self.intake.record(self.hub_stream.beat(now, "stopping" if last else "online"), bus)
        except CannotWrite as error:
            self.complain(error, bus)
        else:
            self.recover()

    def write_faults(self, bus: BusClient | None) -> None:
        try:
            for fault in self.faults.changes():
                self.intake.record(self.hub_stream.fault(fault), bus)
                self.faults.wrote(fault)
                log.warning(
                    "fault of the hub", part=fault.part, kind=fault.kind, state=fault.state, reason=fault.reason
                )
        except CannotWrite as error:
            self.raise_fault(error)

    def write_configuration(self, bus: BusClient | None) -> None:
        try:
            for event in self.registry.pending():
                self.intake.record(event, bus)
        except CannotWrite as error:
            self.raise_fault(error)

    def raise_fault(self, error: CannotWrite) -> None:
        part, kind = key_of(error.__cause__ or error, "journal")
        self.faults.raise_own(part, kind, f"Ingest cannot write: {error}")

    def complain(self, error: CannotWrite, bus: BusClient | None) -> None:
        self.raise_fault(error)
        self.figures.state = f"cannot write: {error}"
        log.error("cannot write", reason=str(error))
        if bus is not None:
            self._publish_status(bus)

    def recover(self) -> None:
        """Clear its own faults: everything is written."""
        if self.intake.shortage is not None:
            return
        for part, kind in self.faults.own():
            if part != "broker":
                self.faults.clear_own(part, kind)
        if self.figures.state != INGEST_RUNNING:
            self.figures.state = INGEST_RUNNING
            log.info("writing again", position=self.figures.position)

    def mark_alive(self) -> None:
        """Called at every turn. After a long pause nothing was received meanwhile, as on a suspended machine."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        stood_still, self._alive_at = now - self._alive_at, now
        if stood_still > STANDSTILL_S:
            log.error("ingest stood still", seconds=round(stood_still, 1))
            self.faults.note_standstill(stood_still)

    def publish_end(self, bus: BusClient) -> None:
        self.figures.state = INGEST_STOPPED
        self._publish_status(bus)

    def _publish_status(self, bus: BusClient) -> None:
        bus.publish(INGEST, self.figures.status(time.monotonic()).to_bytes(), retain=True, qos=0)

    def _check_broker(self, connection: BrokerConnection, now: float) -> None:
        """While a broker that is connected stands still, nobody else is silent."""
        silent = connection.silent_s()
        complaint = connection.refusal or self.other_hubs.sentence(now)
        if complaint is not None:
            self.faults.raise_own("broker", "system_error", complaint)
        elif silent > BROKER_SILENT_S:
            self.faults.raise_own("broker", "system_error", "The broker is connected, but sends nothing.")
        elif silent < 2 * TURN_S:
            self.faults.clear_own("broker", "system_error")
        if silent < REPORTS_WITHIN_S:
            self.faults.pass_time(now)
        else:
            self.faults.lost_contact()

    def _note_shortage(self) -> None:
        """Say when events of devices wait for room. Those of the hub are taken in, and time passes in the journal."""
        shortage = self.intake.shortage
        if shortage is not None and not self._is_short:
            self.figures.state = f"cannot write: {shortage}"
            self.faults.raise_own(
                "disk", "storage_unwritable", f"Ingest does not take in what devices send: {shortage}."
            )
            log.error("cannot write", reason=shortage)
        elif shortage is None and self._is_short:
            self.recover()
        self._is_short = shortage is not None
