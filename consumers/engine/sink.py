"""A consumer that hands events to another system: at least once, and idempotent by event id."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal, Protocol

from bus_schemas.event import Event
from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from consumers.store.journal.record import JournalReader, Recorded
from producer.broker import BrokerAddress


class FaultSink(Protocol):
    """Takes what a part of the hub cannot do, and that it can again."""

    def raise_fault(self, part: str, kind: Literal["write_failed"], reason: str) -> None: ...

    def clear_fault(self, part: str, kind: Literal["write_failed"]) -> None: ...


class NoFaultSink:
    """Passes nothing on."""

    def raise_fault(self, part: str, kind: Literal["write_failed"], reason: str) -> None:
        """The log has it already."""

    def clear_fault(self, part: str, kind: Literal["write_failed"]) -> None:
        """The log has it already."""


class Sink(ABC):
    """Effects first, then the checkpoint.

    `deliver` may commit to its state by itself, and is given the same batch again where the process died before
    its checkpoint was saved.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    models: ClassVar[tuple[type[Event], ...]]
    schema: ClassVar[str] = ""
    emits: ClassVar[tuple[type[Event], ...]] = ()
    pace_s: ClassVar[float] = 0.5
    """How far apart its batches begin while events keep coming; what comes after a pause is delivered at once."""

    group: ClassVar[ProcessGroup] = ProcessGroup.BATCH
    """As `Projection.group`."""

    credentials: ClassVar[frozenset[Credential]] = frozenset({Credential.COLD_STORAGE})
    """As `Projection.credentials`."""

    faults: FaultSink = NoFaultSink()
    """Set by the process that runs the sink, before the first batch."""

    broker: BrokerAddress | None = None
    """As above, for a sink that publishes by itself."""

    def begins_after(self, journal: JournalReader) -> int:
        """The position after which a new sink begins: at the head, because others were given what came before."""
        return journal.head()

    @abstractmethod
    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        """Do what the events ask for; what is returned is emitted in the transaction of the checkpoint."""

    def settle(self, state: sqlite3.Connection) -> None:  # noqa: B027 - most sinks keep nothing until then
        """Called in the transaction of the checkpoint: what was delivered is delivered now."""

    def idle(self, state: sqlite3.Connection) -> None:  # noqa: B027 - most sinks have nothing that waits
        """Called between batches and at least once a second: for what is to be tried again."""

    def halt(self) -> None:  # noqa: B027 - most sinks do nothing that takes long
        """Called from another thread when the process ends: what takes long lets go."""

    def close(self) -> None:  # noqa: B027 - most sinks hold nothing open
        """Let go of what the sink holds open."""
