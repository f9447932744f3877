"""Runs the product behind the production broker for an hour, beside programs that have the passwords of its devices.

`python -m tests.faults.hostile.long_run --minutes 60 --root DIR` prints a line a minute, and at the end what is wrong.
The disk of `--root` takes some gigabytes. While the file of `--pause-while` exists nobody is hostile.
"""

import random
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import psutil
import typer
import yaml

from mosquitto.launcher import free_port
from tests.cameras.agent import device
from tests.cameras.cases import GOOD_CASE
from tests.cameras.server import Cameras
from tests.faults.check import Verdict
from tests.faults.hostile import clients, routes, stages, stolen
from tests.faults.hostile.meter import Meter
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, NODE, STOLEN, Login, World
from tests.product import Product
from tests.production_broker import installed, started
from tests.receivers import Receiver, answering

TOKEN: Final = "a-token-of-a-person-of-this-run"
SLICE_S: Final = 60.0
ALERT_EVERY_S: Final = 20.0
MEMORY_MB: Final = 150
FILES: Final = 60
"""So much more may a process have at the end than after its first minutes: caches fill."""
SETTLED_AFTER: Final = 5
"""Slices, from which on memory and files are compared."""
HUB_LINES: Final = f"""
user hub
topic readwrite watchpost/v1/{GOOD_SITE}/{CAMERA}/#

user meter
topic write watchpost/v1/{GOOD_SITE}/+/event/#
topic read watchpost/v1/{GOOD_SITE}/_hub/event/#
"""


@contextmanager
def production_broker(folder: Path) -> Iterator[tuple[dict[str, Login], int]]:
    """Each device's user, and the port of Watchpost's own processes."""
    ports = {8883: free_port(), 8884: free_port(), 9883: free_port()}
    names = ("meter", *(f"{BAD_SITE}/BAD{number}" for number in range(STOLEN)))
    passwords = {"passwords": dict.fromkeys(names, "known"), "own_passwords": {"hub": "of-the-hub", "gateway": "of-it"}}
    configuration = installed(folder, ports, passwords)
    with (folder / "acl").open("a") as acl:
        acl.write(HUB_LINES)
    with started(configuration, ports[8883]) as tls:
        yield {name: Login(name, "known", ports[8883], tls) for name in names}, ports[8884]


def configured(root: Path, cameras: Cameras, receiver: Receiver, broker_port: int) -> tuple[Path, dict[str, str]]:
    camera, variables = device(CAMERA, GOOD_CASE, cameras, root)
    broker: dict[str, Any] = {"start": False, "host": "127.0.0.1", "port": broker_port, "username": "hub"}
    broker |= {"tls": {"ca_file": str(root / "server.crt")}, "password_env": "HUB_PASSWORD"}
    config = root / "watchpost.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "broker": broker,
                "gateway": {
                    "token_env": "PERSON_TOKEN",
                    "broker": {"username": "gateway", "password_env": "GATEWAY_PASSWORD"},
                },
                "sites": [{"site": GOOD_SITE, "devices": [{**camera, "node": NODE}]}],
                "alerts": {"webhooks": [{"name": "good", "url_env": "RECEIVER_GOOD"}]},
            }
        )
    )
    secrets = {"HUB_PASSWORD": "of-the-hub", "GATEWAY_PASSWORD": "of-it", "PERSON_TOKEN": TOKEN}
    return config, variables | secrets | {"RECEIVER_GOOD": receiver.url}


def act(run: stages.HostileRun, dice: random.Random, pause_while: Path | None) -> None:
    """One slice: everybody at once, or nobody while the machine has to be quiet."""

    def is_quiet() -> bool:
        return pause_while is not None and pause_while.exists()

    began_quiet = is_quiet()
    chosen = (*stolen.PARTICIPANTS, *routes.PARTICIPANTS, *dice.sample(clients.PARTICIPANTS, 2))
    stages.act(run, () if began_quiet else chosen, dice, SLICE_S, ALERT_EVERY_S, lambda: not began_quiet and is_quiet())


def sizes(product: Product) -> dict[str, tuple[int, int]]:
    """Of each process its own megabytes and its open files."""
    found = {}
    for name, state in product.processes().items():
        process = psutil.Process(state["pid"])
        found[name] = (process.memory_full_info().uss // 2**20, process.num_fds())
    return found


def judge_growth(verdict: Verdict, seen: list[dict[str, tuple[int, int]]]) -> None:
    if len(seen) <= SETTLED_AFTER:
        return
    for name, (megabytes, files) in seen[-1].items():
        first = seen[SETTLED_AFTER].get(name, (megabytes, files))
        if megabytes - first[0] > MEMORY_MB or files - first[1] > FILES:
            verdict.differ(1, f"{name} grew from {first} to {(megabytes, files)} megabytes and files")


def run_long(root: Path, minutes: float, seed: int, pause_while: Path | None) -> Verdict:
    dice, seen_sizes = random.Random(seed), []
    with ExitStack() as stack:
        logins, port = stack.enter_context(production_broker(root))
        cameras = stack.enter_context(Cameras({CAMERA: GOOD_CASE}))
        good = stack.enter_context(Receiver(answering(200)))
        config, variables = configured(root, cameras, good, port)
        product = Product(root / "data", ["--config", str(config), "--mqtt-port", str(port)], variables)
        stack.callback(product.end)
        http_port = int(product.start().rpartition(":")[2])
        passwords = tuple(login for name, login in logins.items() if name != "meter")
        world = World(root / "data", cameras, 0, http_port, token=TOKEN, stolen=passwords)
        meter = Meter(0, logins["meter"])
        stack.callback(meter.close)
        run = stages.HostileRun(product, config, world, meter, good)
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until:
            act(run, dice, pause_while)
            seen_sizes.append(sizes(product))
            typer.echo(_line(seen_sizes[-1], meter))
        typer.echo(_surfaces(world))
        verdict, share = stages.end(run)
        judge_growth(verdict, seen_sizes)
        verdict.lose(len(meter.missed), f"alerts of {meter.missed}")
        for note in world.notes:
            verdict.differ(1, note)
        typer.echo(f"the good camera is recorded to {share:.2%}")
    return verdict


def _line(now: dict[str, tuple[int, int]], meter: Meter) -> str:
    parts = " ".join(f"{name}={megabytes}MB/{files}" for name, (megabytes, files) in now.items())
    latency = sorted(meter.latencies_s)
    median_ms = latency[len(latency) // 2] * 1000 if latency else 0
    clock = time.strftime("%H:%M:%S", time.gmtime())
    return f"{clock} {parts} alerts={len(latency)}/{median_ms:.0f}ms missed={len(meter.missed)}"


def _surfaces(world: World) -> str:
    """What people and programs can read about who is at fault."""
    with stages.client_of(world) as client:
        return "\n".join(f"{path}: {client.get(path).text[:3000]}" for path in ("/ready", "/health", "/api/v1/system"))


def main(
    root: Annotated[Path, typer.Option(help="An empty folder for everything.")],
    minutes: Annotated[float, typer.Option(help="How long.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the dice.")] = 1,
    pause_while: Annotated[Path | None, typer.Option(help="A file; nobody is hostile while it exists.")] = None,
    keep: Annotated[bool, typer.Option(help="Whether the files stay.")] = False,
) -> None:
    """Be hostile for an hour, and say what was lost, doubled or different."""
    root.mkdir(parents=True)
    verdict = run_long(root, minutes, seed, pause_while)
    for words in verdict.words:
        typer.echo(f"    {words}")
    typer.echo(f"events={verdict.events} lost={verdict.lost} doubled={verdict.doubled} different={verdict.different}")
    if not keep:
        shutil.rmtree(root, ignore_errors=True)
    sys.exit(0 if verdict.fine else 1)


if __name__ == "__main__":
    typer.run(main)
