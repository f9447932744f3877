"""Routes of the system page: processes, broker, streams, gaps, rejected messages, and the machine."""

import time
from typing import Any, Literal

from pydantic import Field

from consumers.engine.view_files import NoView
from consumers.store.journal.query_types import StreamRow
from consumers.upkeep.retention.questions import journal_waits
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Nothing
from gateway.machine import Supervised, read_supervised
from gateway.reading.stores import Stores

SHOWN = 50


class ProcessAnswer(Answer):
    name: str
    pid: int | None
    state: str
    restarts: int
    since: str
    last_exit: str | None
    memory_mb: float | None = Field(
        description="MiB that are its own, without the files that it has mapped, such as days of the journal."
    )
    cpu_percent: float | None = Field(
        description="Of one core, since it was measured last; null until it was measured for a second."
    )


class BrokerAnswer(Answer):
    connected: bool
    clients: int | None = Field(description="Null where the broker does not say.")
    messages_received: int | None


class BusStream(Answer):
    source: str
    epoch: str | None
    sequence: int
    last_received: Time
    gaps: int
    rate_per_s: float


class GapAnswer(Answer):
    source: str
    first: int
    last: int
    count: int
    cause: str
    time: Time
    position: int


class RejectedMessage(Answer):
    time: Time
    topic: str
    reason: str
    size: int


class RejectedAnswer(Answer):
    count: int = Field(description="Since the journal began.")
    newest: list[RejectedMessage]


class JournalFigures(Answer):
    head: int
    bytes: int
    days: int
    oldest: str | None = Field(description="The oldest UTC day that is kept.")
    waiting: str | None = Field(default=None, description="A day that is due to be dropped, and why it stays for now.")


class Cpu(Answer):
    percent: float | None = Field(description="Since it was measured last; null until it was measured for a second.")
    cores: int


class Memory(Answer):
    percent: float
    used_gb: float
    total_gb: float


class DiskAnswer(Answer):
    percent: float
    used_gb: float
    free_gb: float
    total_gb: float


class Trouble(Answer):
    """A part of the hub that is not as it should be."""

    part: str
    state: Literal["limping", "failed"]
    detail: str


class System(Answer):
    version: str
    started: Time
    troubles: list[Trouble]
    processes: list[ProcessAnswer]
    broker: BrokerAnswer
    streams: list[BusStream] = Field(description=f"At most {SHOWN}: of each source the newest first, then others.")
    other_streams: int = Field(description="How many more there are.")
    gaps: list[GapAnswer] = Field(description="The newest first.")
    rejected: RejectedAnswer
    journal: JournalFigures
    cpu: Cpu
    memory: Memory
    disk: DiskAnswer


class SystemStats(Answer):
    cpu: Cpu
    memory: Memory
    disk: DiskAnswer


async def system(call: Call[Nothing]) -> System:
    """How the product itself does: processes, broker, streams, journal and machine."""
    gateway = call.gateway

    def question(stores: Stores) -> System:
        streams = stores.queries.active_streams(SHOWN)
        return System(
            version=gateway.settings.version,
            started=gateway.started,
            troubles=_troubles(gateway),
            processes=_processes(gateway),
            broker=_broker(gateway),
            streams=_streams(gateway, streams),
            other_streams=max(0, stores.queries.streams_count() - len(streams)),
            gaps=[GapAnswer.model_validate(row) for row in stores.queries.gaps(SHOWN)],
            rejected=_rejected(stores),
            journal=_journal(stores),
            **_load(gateway),
        )

    return await gateway.ask(question)


async def stats(call: Call[Nothing]) -> SystemStats:
    """Processor, memory and the disk that holds the data."""
    gateway = call.gateway
    return await gateway.ask(lambda _: SystemStats(**_load(gateway)))


def _troubles(gateway: Gateway) -> list[Trouble]:
    found = gateway.readiness.troubles()
    return [
        Trouble(part=one.part, state="failed" if one.state == "failed" else "limping", detail=one.detail)
        for one in found
    ]


def _load(gateway: Gateway) -> dict[str, Any]:
    return gateway.machine.load(gateway.hub.data)


def _processes(gateway: Gateway) -> list[ProcessAnswer]:
    return [_process(gateway, one) for one in read_supervised(gateway.hub.data / "run" / "processes.json")]


def _process(gateway: Gateway, one: Supervised) -> ProcessAnswer:
    memory_mb, cpu_percent = gateway.machine.process(one.pid)
    return ProcessAnswer(**one.model_dump(), memory_mb=memory_mb, cpu_percent=cpu_percent)


def _broker(gateway: Gateway) -> BrokerAnswer:
    figures = gateway.broker_figures
    return BrokerAnswer(
        connected=gateway.bus.is_connected, clients=figures.clients, messages_received=figures.messages_received
    )


def _streams(gateway: Gateway, rows: list[StreamRow]) -> list[BusStream]:
    rates = gateway.rates.of({(row.source, row.epoch): row.sequence for row in rows}, time.monotonic())
    return [
        BusStream(
            source=row.source,
            epoch=row.epoch,
            sequence=row.sequence,
            last_received=row.last_received,
            gaps=row.gaps,
            rate_per_s=rates[row.source, row.epoch],
        )
        for row in sorted(rows, key=lambda row: (row.source, row.last_received))
    ]


def _rejected(stores: Stores) -> RejectedAnswer:
    newest = [
        RejectedMessage(time=row.received, topic=row.topic, reason=row.reason, size=row.size)
        for row in stores.queries.rejected(SHOWN)
    ]
    return RejectedAnswer(count=stores.queries.rejected_count(), newest=newest)


def _journal(stores: Stores) -> JournalFigures:
    days = stores.queries.days()
    return JournalFigures(
        head=days[-1].last if days else 0,
        bytes=sum(day.bytes for day in days),
        days=len(days),
        oldest=days[0].date.isoformat() if days else None,
        waiting=_waiting(stores),
    )


def _waiting(stores: Stores) -> str | None:
    try:
        return journal_waits(stores.view("retention"))
    except NoView:
        return None


OPERATIONS = [
    Operation("GET", "/api/v1/system", system, System, needs_journal=False),
    Operation("GET", "/api/v1/system/stats", stats, SystemStats, needs_journal=False),
]
