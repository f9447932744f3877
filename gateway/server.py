"""Runs the gateway: uvicorn in this process, which ends soon even while streams are open."""

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from time import monotonic

import structlog
import uvicorn
import uvloop

from consumers.engine.store_owner import OpenStore
from consumers.hub_config import HubConfig
from consumers.hub_faults import FaultReporter
from consumers.registry import consumer_registry
from consumers.store.cold.access import cold_reader
from consumers.store.journal.configured import journal_of
from consumers.store.journal.store import JournalStore
from consumers.views.warehouse.consumer import WarehouseConsumer
from consumers.views.warehouse.reader import WarehouseReader
from gateway.agents.service import AgentService
from gateway.app import build, running
from gateway.consumer_info import ConsumerInfo, consumer_infos
from gateway.context import Gateway
from gateway.descriptors import DescriptorWatch
from gateway.http.auth import Access
from gateway.http.connections import LimitedProtocol, limited
from gateway.http.metrics import Metrics
from gateway.machine import Machine
from gateway.messages.bus import BrokerFigures, Bus, client_of
from gateway.rates import CounterRates
from gateway.readiness import Readiness
from gateway.reading.cold import ColdMedia
from gateway.reading.dashboards import DashboardCache
from gateway.reading.journal import ask_journal
from gateway.reading.open_stores import OpenStores
from gateway.reading.readers import Readers, affordable_connections, affordable_threads
from gateway.reading.registry import SiteCache
from gateway.reading.rows import WarehouseThreads
from gateway.reading.stores import Stores, open_stores
from gateway.settings import GatewaySettings
from gateway.streaming.leases import WatchLeases
from gateway.streaming.live import Feed
from gateway.streaming.mjpeg import Frames
from gateway.streaming.video import LiveVideos
from gateway.trials import TrialRunner
from producer.broker import BrokerAddress
from producer.ids import Clock, utc_now
from producer.os_errors import describe_network_error

GRACE_S = 2
FILES_PER_VIEW = 3
"""The database, its log and the index of that."""
OTHER_FILES_PER_READER = 40
"""Days of the journal and the index of the archive."""
BACKLOG = 1024
ACCEPTED_PER_TURN = 8
"""libuv accepts one connection of a listening socket in each turn of the loop, and a turn may answer fifty clients."""
TICKS_PER_SWEEP = 10

_log = structlog.get_logger()


def _affordable(settings: GatewaySettings, consumers: Sequence[ConsumerInfo]) -> GatewaySettings:
    """With no more threads and connections than the limit of open files has room for."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES_PER_VIEW * len(consumers) + OTHER_FILES_PER_READER
    threads = affordable_threads(settings.reader_threads, files, limit)
    connections = affordable_connections(settings.limits.connections, threads * files, limit)
    return replace(settings, reader_threads=threads, limits=replace(settings.limits, connections=connections))


def _readers(threads: int, hub: HubConfig, journal: JournalStore, consumers: Sequence[ConsumerInfo]) -> Readers[Stores]:
    shapes = {one.name: one.shape for one in consumers if one.kind == "projection" and one.shape is not None}
    return Readers(
        lambda: open_stores(hub.data, journal, shapes),
        threads,
        Stores.close_removed,
        Stores.question_scope,
    )


def compose(
    settings: GatewaySettings,
    hub: HubConfig,
    broker: BrokerAddress,
    stores: Mapping[str, OpenStore] | None = None,
    clock: Clock = utc_now,
) -> Gateway:
    """`stores` are those that this process opens, by the names of their consumers.

    Raises `OpenToStrangers` where others could come in without a token, and `WeakToken` where it can be guessed.
    """
    consumers = consumer_infos(hub)
    journal = journal_of(hub)
    affordable = _affordable(settings, consumers)
    readers = _readers(affordable.reader_threads, hub, journal, consumers)
    opened = stores or {}
    rows = opened.get(WarehouseConsumer.name)
    bus = Bus(lambda: client_of(broker))
    leases = WatchLeases(bus)
    return Gateway(
        settings=affordable,
        hub=hub,
        access=Access.of(settings.host, settings.token, settings.public_url, hub.data / "run" / "signed_out.json"),
        readers=readers,
        zones=SiteCache(hub.data),
        dashboards=DashboardCache(hub.data),
        stores=OpenStores(opened),
        rows=WarehouseThreads(rows if isinstance(rows, WarehouseReader) else None),
        bus=bus,
        feed=Feed(
            lambda after, models, limit: ask_journal(readers, lambda journal: journal.read(after, models, limit)),
            lambda: ask_journal(readers, lambda journal: journal.head()),
        ),
        frames=Frames(bus),
        leases=leases,
        videos=LiveVideos(bus, leases),
        metrics=Metrics(),
        consumers=consumers,
        machine=Machine(),
        rates=CounterRates(),
        trials=TrialRunner(settings.trial_command, settings.trial_environment),
        broker_figures=BrokerFigures(bus),
        faults=FaultReporter("gateway", broker),
        readiness=Readiness(),
        descriptors=DescriptorWatch(),
        journal_name=journal.name,
        cold=ColdMedia(cold_reader(hub.cold, hub.data)),
        clock=clock,
        started=clock(),
        agents=None if settings.agents is None else AgentService.of(settings.agents, hub.data),
    )


class GatewayServer(uvicorn.Server):
    """On shutdown, ends all streams before it waits for the other answers."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(
            uvicorn.Config(
                build(gateway),
                loop="uvloop",
                http=limited(gateway.settings.limits, gateway.settings.trusted_proxies),
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips=list(gateway.settings.trusted_proxies),
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=30,
                backlog=BACKLOG,
            )
        )
        self.gateway = gateway

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # uvicorn's is a generator
        """Signals are ours: uvicorn would raise them again before we have cleaned up."""
        return nullcontext()

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_SWEEP == 0:
            now = monotonic()
            self.gateway.descriptors.look()
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedProtocol):
                    connection.sweep(now)
        return await super().on_tick(counter)

    def stop(self) -> None:
        _log.info("gateway stops")
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.gateway.stores.stop()
        self.gateway.feed.stop()
        self.gateway.frames.stop()
        self.gateway.videos.stop()
        await super().shutdown(sockets)


class CannotListen(OSError):
    """The port is taken, or the address is not of this machine."""


def listening(host: str, port: int) -> socket.socket:
    """Bound before anything else is started: a port that is taken is said at once. Raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise CannotListen(f"the gateway cannot listen on {host}:{port}: {describe_network_error(error)}") from error
    return bound


def listeners(bound: socket.socket) -> list[socket.socket]:
    """The socket under several descriptors, for each of which the loop accepts one connection in a turn."""
    return [bound, *(bound.dup() for _ in range(ACCEPTED_PER_TURN - 1))]


async def serve(server: GatewayServer, bound: socket.socket) -> None:
    """Until the server is stopped."""
    async with running(server.gateway):
        await server.serve(listeners(bound))


async def _serve_until_signal(server: GatewayServer, bound: socket.socket, on_stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        on_stop()
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await serve(server, bound)


def stores_of(hub: HubConfig) -> dict[str, OpenStore]:
    """Those of every consumer that has one, opened for this process."""
    return {owner.name: owner.open(journal_of(hub).reader) for owner in consumer_registry(hub).store_owners()}


def run(
    settings: GatewaySettings, hub: HubConfig, broker: BrokerAddress, on_stop: Callable[[], None] = lambda: None
) -> None:
    """Until SIGTERM or SIGINT, when `on_stop` is called.

    Raises `CannotListen` where the port is taken, and `OpenToStrangers`.
    """
    gateway = compose(settings, hub, broker, stores_of(hub))
    with listening(settings.host, settings.port) as bound:
        host, port = bound.getsockname()[:2]
        _log.info("gateway listens", host=host, port=port, broker=str(broker))
        uvloop.run(_serve_until_signal(GatewayServer(gateway), bound, on_stop))
