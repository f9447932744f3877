"""Runs `watchpost up`: the whole product on one machine, under one supervisor."""

import errno
import http.client
import math
import os
import shutil
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from consumers.engine.process_group import ProcessGroup
from consumers.store.disk import ReserveFile, disk_of
from mosquitto.launcher import Listeners, accepts, command, free_port, is_free, write_config
from producer.ids import utc_now
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.environment import Secrets, environment
from watchpost.processes.agents_broker import agents_files, agents_listener, reload_on_change
from watchpost.processes.data_directory_lock import data_directory_lock
from watchpost.processes.fork_launcher import ForkLauncher
from watchpost.processes.logs import ChildLog, LogFormat
from watchpost.processes.permissions import keep_to_the_owner
from watchpost.processes.process_spec import ProcessPriority, ProcessSpec
from watchpost.processes.process_state import ProcessState, write_states
from watchpost.processes.restarts import RestartWatch
from watchpost.processes.runtime import broker_address, require_directory
from watchpost.processes.supervisor import SUPERVISOR, Supervisor

BROKER, INGEST, CONSUMERS, GATEWAY, EDGE = range(5)
BROKER_NAME = "broker"
ANSWERS_WITHIN_S = 5.0
READY_WITHIN_S = 20.0
"""So long the address is kept back for a hub that is not ready yet."""
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
COMMAND = "watchpost.__main__"
FORKED_WITH = (COMMAND, "consumers.ingest.run", "consumers.registry", "gateway.server", "edge.agent.settings")
"""What the processes import. Nothing of it starts a thread, or knows when or in which process it was imported."""


@dataclass(frozen=True)
class GroupProcess:
    """The process of a group of consumers. Ingest, broker, agents and the urgent ones give way to nobody."""

    name: str
    priority: ProcessPriority
    needs_proxies: bool = False
    is_needed: Callable[[WatchpostConfig], bool] = lambda config: True


PROCESS_OF_GROUP = {
    # Views that may lag a second.
    ProcessGroup.PICTURES: GroupProcess("mosaics", ProcessPriority.BATCH),
    ProcessGroup.URGENT: GroupProcess("alerting", ProcessPriority.URGENT, needs_proxies=True),
    ProcessGroup.BATCH: GroupProcess("consumers", ProcessPriority.BATCH),
    ProcessGroup.SERVED: GroupProcess(
        "warehouse", ProcessPriority.BATCH, is_needed=lambda config: config.hub.warehouse.kind == "clickhouse"
    ),
}


class CannotStart(RuntimeError):
    """Something that `watchpost up` needs is missing or taken. The message says what to do."""


@dataclass(frozen=True)
class UpOptions:
    """The command line of `watchpost up`."""

    config_path: Path
    """Where each process reads it when it starts; as long as all of this runs, it stays as it is."""

    data: Path
    gateway_port: int
    mqtt_port: int
    log_format: LogFormat = "auto"
    open_browser: bool = False


def with_ports(options: UpOptions, config: WatchpostConfig) -> UpOptions:
    """0 becomes a free port; a taken port is refused before anything starts."""
    ports = {"gateway_port": ("--port", config.gateway.host), "mqtt_port": ("--mqtt-port", config.broker.host)}
    if not config.broker.start:
        del ports["mqtt_port"]
        if not options.mqtt_port:
            raise CannotStart("0 is no port of a broker elsewhere: say with --mqtt-port or broker.port where it is")
    _require_free_for_agents(config)
    chosen: dict[str, int] = {}
    for name, (option, host) in ports.items():
        port = int(getattr(options, name))
        if port and not is_free(port, host):
            raise CannotStart(f"port {port} on {host} is taken; choose another with {option} (0 takes a free one)")
        chosen[name] = port or _free_port(host, chosen.values())
    return replace(options, gateway_port=chosen["gateway_port"], mqtt_port=chosen.get("mqtt_port", options.mqtt_port))


def _require_free_for_agents(config: WatchpostConfig) -> None:
    agents = config.broker.agents
    if agents is not None and config.broker.start and not is_free(agents.port, agents.host):
        raise CannotStart(f"port {agents.port} on {agents.host} is taken; choose another with broker.agents.port")


def _free_port(host: str, taken: Collection[int]) -> int:
    """A port that is not chosen yet: until somebody listens there, the system may return it again."""
    while (port := free_port(host)) in taken:
        pass
    return port


def processes(options: UpOptions, config: WatchpostConfig) -> list[ProcessSpec]:
    """All processes start after the broker, or at once where the broker runs elsewhere."""
    common = [
        "--data", str(options.data), "--mqtt-port", str(options.mqtt_port), "--log-format", "json",
        "--config", str(options.config_path),
    ]  # fmt: skip
    ready = partial(accepts, (config.broker.host, options.mqtt_port)) if config.broker.start else None

    secrets = Secrets(config)

    def ours(
        name: str,
        stage: int,
        arguments: Sequence[str],
        known: Collection[str],
        priority: ProcessPriority = ProcessPriority.URGENT,
        *,
        proxies: bool = False,
    ) -> ProcessSpec:
        argv = (sys.executable, "-m", "watchpost", *arguments, *common)
        env = environment(os.environ, known, proxies=proxies)
        return ProcessSpec(name, argv, stage, priority, env, start_when=ready, module=COMMAND)

    def consumers(group: ProcessGroup, process: GroupProcess) -> ProcessSpec:
        arguments, known = ("consume", "--group", group), secrets.of_group(group)
        return ours(process.name, CONSUMERS, arguments, known, process.priority, proxies=process.needs_proxies)

    gateway = ("gateway", "--port", str(options.gateway_port))
    return [
        *_broker(options, config),
        ours("gateway", GATEWAY, gateway, secrets.of_gateway(), ProcessPriority.INTERACTIVE),
        ours("ingest", INGEST, ("ingest",), secrets.of_ingest()),
        *[consumers(group, process) for group, process in PROCESS_OF_GROUP.items() if process.is_needed(config)],
        *[
            ours(f"edge:{node}", EDGE, ("edge", "--node", node), secrets.of_agent(node), proxies=True)
            for node in config.devices_by_node()
        ],
    ]


def _broker(options: UpOptions, config: WatchpostConfig) -> list[ProcessSpec]:
    if not config.broker.start:
        return []
    listeners = Listeners(port=options.mqtt_port, host=config.broker.host, agents=agents_listener(config, options.data))
    argv = command(write_config(options.data / "broker", listeners))
    return [ProcessSpec(name=BROKER_NAME, argv=tuple(argv), stage=BROKER, env=environment(os.environ, ()))]


def run(options: UpOptions, config: WatchpostConfig, say: Callable[[str], None]) -> None:
    """Run until a stop signal."""
    from consumers.hub_faults import FaultReporter

    _prepare(options.data, say)
    with data_directory_lock(options.data, utc_now()):
        options = with_ports(options, config)
        log = ChildLog(options.data / "logs" / "watchpost.log", sys.stderr, options.log_format, utc_now)
        reporter = FaultReporter("supervisor", broker_address(config, options.mqtt_port))
        watch = RestartWatch(reporter)

        def on_state(states: Sequence[ProcessState]) -> None:
            watch.take(states)
            write_states(options.data / "run" / "processes.json", states)

        forks = ForkLauncher(FORKED_WITH, environment(os.environ, ()), partial(log.line, SUPERVISOR))
        supervisor = Supervisor(processes(options, config), log.line, on_state, forks)
        stopping = threading.Event()
        threads = [
            threading.Thread(target=_announce, args=(options, config.gateway.host, stopping, say)),
            threading.Thread(target=watch.run, args=(stopping,)),
            threading.Thread(target=_tend_the_broker, args=(options, config, supervisor, stopping)),
        ]
        for thread in threads:
            thread.start()
        try:
            with reporter, forks:
                supervisor.run()
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
            log.close()


def _tend_the_broker(
    options: UpOptions, config: WatchpostConfig, supervisor: Supervisor, stopping: threading.Event
) -> None:
    """Until `stopping`: it reads its files again when they change, and its certificate is renewed."""
    reload = partial(supervisor.signal_child, BROKER_NAME, signal.SIGHUP)
    renew = partial(agents_listener, config, options.data)
    reload_on_change(agents_files(config, options.data), reload, stopping, renew)


def _prepare(data: Path, say: Callable[[str], None]) -> None:
    """Check the data directory. On a full disk the processes start all the same, with the room of the reserve file."""
    if shutil.which("setpriv") is None:
        raise CannotStart(
            "setpriv is missing, which ties every process to this one; on Debian: apt-get install util-linux"
        )
    require_directory(data)
    keep_to_the_owner(data)
    try:
        data.mkdir(parents=True, exist_ok=True)
        disk = disk_of(data)
    except OSError as error:
        raise CannotStart(f"the data directory {data} cannot be used: {error.strerror}") from error
    _require_links(data)
    if disk.free < disk.margin:
        with suppress(OSError):  # Who listens may have his file on that disk.
            say(
                f"The disk of {data} is full: {disk.free / 1e6:.1f} MB are left. Nothing new is recorded before there"
                " is room; the oldest media go where the rest of the disk lets them."
            )
    ReserveFile(data).tend(disk)


def _require_links(data: Path) -> None:
    """A new view takes the place of an old one by a link. A disk that only takes none just now is another matter."""
    probe = data / ".link"
    try:
        probe.unlink(missing_ok=True)
        probe.symlink_to("nothing")
        probe.unlink()
    except OSError as error:
        if error.errno in NO_LINKS:
            raise CannotStart(
                f"the file system of {data} has no symbolic links, as FAT and exFAT: format the disk with ext4, or name"
                " a directory on another one with --data"
            ) from error


def _announce(options: UpOptions, host: str, stopping: threading.Event, say: Callable[[str], None]) -> None:
    """One line, once the page answers and the hub takes in what is sent to it.

    The broker keeps nothing for an ingest that never listened: what a device published when it had read the line would
    be lost. Where something keeps the hub from getting ready, the page says what.
    """
    shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    if _until(partial(_answers, shown, options.gateway_port, "/health"), stopping):
        _until(partial(_answers, shown, options.gateway_port, "/ready"), stopping, READY_WITHIN_S)
    if stopping.is_set():
        return
    address = origin_of(shown, options.gateway_port)
    say(f"Watchpost is at {address}")
    if options.open_browser:
        webbrowser.open(address)


def origin_of(host: str, port: int) -> str:
    """As browsers take it: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _until(holds: Callable[[], bool], stopping: threading.Event, within_s: float = math.inf) -> bool:
    """Whether it came to hold in time."""
    ends = time.monotonic() + within_s
    while not holds():
        if stopping.wait(0.1) or time.monotonic() > ends:
            return False
    return True


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWERS_WITHIN_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
