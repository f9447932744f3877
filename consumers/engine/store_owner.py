"""A consumer that keeps what it makes of the journal in a store of its own, which it opens, fills and checks itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Flag
from typing import ClassVar, Literal, Protocol

from pydantic import BaseModel

from consumers.credential import Credential
from consumers.engine.findings import Findings
from consumers.engine.process_group import ProcessGroup
from consumers.engine.rebuild.whole import Progress
from consumers.engine.set_aside import SetAsideEvent
from consumers.hub_config import HubConfig
from consumers.store.journal.record import JournalReader
from producer.broker import BrokerAddress

OpenJournal = Callable[[], JournalReader]

StoreState = Literal["starting", "running", "rebuilding", "stopped"]


class NotServed(RuntimeError):
    """The store is kept by the process that answers from it, and by no other."""


class FoldedElsewhere(RuntimeError):
    """The store is written by another process, and cannot be folded again from this one."""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Where the fold stands. `position` is the last one it looked at; `lag` how many are after it.

    `rebuilds` counts the times that this process has folded the store anew.
    """

    state: StoreState
    position: int = 0
    lag: int = 0
    error: str | None = None
    rebuilds: int = 0


class SetAsideEvents(BaseModel):
    """Events that are not in the store, because the code raises on them: how many, and the newest."""

    total: int = 0
    newest: tuple[SetAsideEvent, ...] = ()


class OpenStore(Protocol):
    """The store in a process that answers from it: `run` belongs to one thread, the others to any."""

    def run(self, stopping: Flag, wake: Flag) -> None:
        """Keep it up until `stopping`; `wake` says that the journal has grown."""
        ...

    def status(self) -> StoreStatus: ...

    def rebuild(self) -> None:
        """Fold it anew beside the current one, then swap. Raises `FoldedElsewhere`."""
        ...


class StoreOwner(ABC):
    """Made for one hub. Its store is on a server, where a process of its own writes it, or belongs to the gateway."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    group: ClassVar[ProcessGroup] = ProcessGroup.SERVED
    """As `Projection.group`, where its store is on a server."""
    credentials: ClassVar[frozenset[Credential]] = frozenset()
    """As `Projection.credentials`."""

    def __init__(self, hub: HubConfig) -> None:
        self.hub = hub

    @abstractmethod
    def is_there(self) -> bool:
        """Whether this hub has the store: days of the journal wait for it."""

    @abstractmethod
    def position(self, journal_id: int) -> int | None:
        """How far it is in this journal, said to every process; `None` where nobody knows."""

    @abstractmethod
    def set_aside(self) -> SetAsideEvents:
        """The events on which its code raised, which are not in the store."""

    @abstractmethod
    def check(self, progress: Progress) -> Findings:
        """Compare it with a fold of the journal."""

    @abstractmethod
    def open(self, journal: OpenJournal) -> OpenStore:
        """For the process that answers from it."""

    @abstractmethod
    def serve(self, broker: BrokerAddress | None, stopping: Flag) -> None:
        """The process that writes it, until `stopping`. Raises `NotServed`, or `ClaimTaken` where one runs already."""
