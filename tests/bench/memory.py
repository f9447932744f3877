"""How much memory the product takes: the hub under 50 virtual devices, and the agent of the demo site."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from mosquitto.launcher import free_port
from tests.bench.measure import Measurement
from tests.product import ROOT, Product, running

DEVICES, PER_S, SECONDS = 50, 100, 60
DEMO_CAMERAS = 4
HUB_MB, CAMERA_MB = 600, 150
WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Memory:
    """MB of a process: `pss` counts a page that is shared by n processes as an nth."""

    pss: float
    rss: float


def case_product() -> list[Measurement]:
    """`watchpost up` with its demo site: broker, ingest, consumers, mosaics, gateway with chDB, and an agent."""
    port = str(free_port("127.0.0.1"))
    with TemporaryDirectory() as directory, running(Path(directory), ["--mqtt-port", port]) as (product, _):
        _simulate(port)
        taken = {name: memory_of(pid) for name, pid in pids(product).items()}
    agents = {name: memory for name, memory in taken.items() if name.startswith("edge:")}
    hub = {name: memory for name, memory in taken.items() if name not in agents}
    return [
        _reported(f"memory of the hub, {DEVICES} devices", list(hub.values()), HUB_MB, "of all its processes"),
        *[_reported(f"memory of {name}", [memory], None, "one process") for name, memory in sorted(hub.items())],
        _reported(
            "memory of an agent, a camera",
            [Memory(memory.pss / DEMO_CAMERAS, memory.rss / DEMO_CAMERAS) for memory in agents.values()],
            CAMERA_MB,
            f"a {DEMO_CAMERAS}th of the agent of the demo, which also draws what its cameras see",
        ),
    ]


def pids(product: Product) -> dict[str, int]:
    """Of the processes that are supervised, of the supervisor, and of the fork server."""
    supervised = {name: int(row["pid"]) for name, row in product.processes().items()}
    supervisor = product.supervisor()
    [fork_server] = {child.pid for child in psutil.Process(supervisor).children()} - set(supervised.values())
    return {**supervised, "supervisor": supervisor, "fork server": fork_server}


def _simulate(port: str) -> None:
    """The load of the devices, sent to the end: what they cause is in memory then."""
    command = [sys.executable, "-m", "watchpost", "simulate", "--devices", str(DEVICES), "--rate", str(PER_S)]
    command += ["--for", str(SECONDS), "--mqtt-port", port]
    subprocess.run(command, cwd=ROOT, check=True, timeout=SECONDS + WITHIN_S, stderr=subprocess.DEVNULL)


def memory_of(pid: int) -> Memory:
    found = dict.fromkeys(("Pss", "Rss"), 0.0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) / 1024
    return Memory(found["Pss"], found["Rss"])


def _reported(case: str, taken: list[Memory], goal: float | None, includes: str) -> Measurement:
    pss, rss = sum(each.pss for each in taken), sum(each.rss for each in taken)
    reported = f"PSS after {SECONDS} s of load, RSS {rss:.0f} MB; {includes}"
    return Measurement(case, median_ms=0, p95_ms=0, runs=1, includes=reported, peak_mb=round(pss, 1), goal_mb=goal)
