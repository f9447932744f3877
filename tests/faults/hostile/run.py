"""Runs the product with a good site and hostile participants that a seed chooses: `./dev faults --hostile`."""

import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from mosquitto.launcher import free_port
from tests.cameras.agent import device
from tests.cameras.case import Case
from tests.cameras.cases import GOOD_CASE, GROUPS
from tests.cameras.server import Cameras
from tests.faults.check import Verdict
from tests.faults.hostile import agents, bus, clients, people, receivers, routes, stages, stolen, storage
from tests.faults.hostile.judge import judge_alerts
from tests.faults.hostile.meter import Meter
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, NODE, Participant, World
from tests.product import Product
from tests.receivers import Receiver, answering

LASTS_S = 25.0
ALERT_EVERY_S = 2.0
CHOSEN = {"camera": 6, "bus": 4, "http": 3, "people": 2, "receiver": 2, "disk": 1, "stolen": 2, "routes": 1}
"""How many of each kind take part in a run, at most."""

CAMERAS = tuple(Participant(f"camera:{name}", camera=case) for group in GROUPS.values() for name, case in group.items())
HOSTILE = (bus, agents, clients, people, receivers, storage, stolen, routes)
PARTICIPANTS: dict[str, Participant] = {
    one.name: one for one in (*CAMERAS, *(one for kind in HOSTILE for one in kind.PARTICIPANTS))
}


@dataclass(frozen=True)
class Outcome:
    """What came of one seed."""

    seed: int
    participants: tuple[str, ...]
    seconds: float
    verdict: Verdict
    recorded_share: float
    alert_s: float
    latencies_s: tuple[float, ...]

    def line(self) -> str:
        v = self.verdict
        return (
            f"hostile seed={self.seed:<5} {len(self.participants)} beside: recorded {self.recorded_share:.1%}, "
            f"alerts {self.alert_s * 1000:.0f} ms, events={v.events} lost={v.lost} different={v.different} "
            f"{self.seconds:.0f} s"
        )


def choose(seed: int, names: list[str]) -> tuple[Participant, ...]:
    """Those that are named, or a mix of all kinds."""
    if names:
        return tuple(PARTICIPANTS[name] for name in names)
    dice = random.Random(seed)
    chosen: list[Participant] = []
    for kind, most in CHOSEN.items():
        of_kind = [one for name, one in PARTICIPANTS.items() if name.startswith(f"{kind}:")]
        least = 0 if kind == "disk" else 1
        chosen += dice.sample(of_kind, min(len(of_kind), dice.randint(least, most)))
    return tuple(chosen)


def run_one(seed: int, names: list[str], root: Path) -> Outcome:
    began = time.monotonic()
    chosen, dice = choose(seed, names), random.Random(seed)
    with ExitStack() as stack:
        data = root / "data"
        data.mkdir()
        disk = storage.small_disk(chosen, data, stack)
        bucket, hub, keys = storage.bucket(chosen, root, stack)
        cases: dict[str, Case] = {CAMERA: GOOD_CASE}
        cases |= {one.name.partition(":")[2]: one.camera for one in chosen if one.camera is not None}
        cameras = stack.enter_context(Cameras(cases))
        good = stack.enter_context(Receiver(answering(200)))
        listening = {"good": good}
        for one in chosen:
            if one.receiver is not None:
                listening[one.name.partition(":")[2]] = stack.enter_context(Receiver(one.receiver))
        config, variables = _configured(cases, cameras, listening, root, hub)
        product = Product(data, ["--config", str(config)], variables | keys)
        stack.callback(product.end)
        port = int(product.start().rpartition(":")[2])
        world = World(data, cameras, product.mqtt_port(), port, disk=disk, bucket=bucket)
        meter = Meter(world.mqtt_port)
        stack.callback(meter.close)
        run = stages.HostileRun(product, config, world, meter, good)
        able = [one for one in chosen if disk is not None or not one.needs_disk]
        stages.act(run, able, dice, LASTS_S, ALERT_EVERY_S)
        verdict, share = stages.end(run, disk_was_full=disk is not None)
        alert_s = judge_alerts(verdict, meter)
    names_of = tuple(one.name for one in chosen)
    return Outcome(seed, names_of, time.monotonic() - began, verdict, share, alert_s, tuple(meter.latencies_s))


def _configured(
    cases: dict[str, Case], cameras: Cameras, listening: dict[str, Receiver], root: Path, hub: dict[str, Any]
) -> tuple[Path, dict[str, str]]:
    sites: dict[str, list[dict[str, Any]]] = {GOOD_SITE: [], BAD_SITE: []}
    variables: dict[str, str] = {}
    for name, case in cases.items():
        made, needed = device(name, case, cameras, root)
        sites[GOOD_SITE if name == CAMERA else BAD_SITE].append({**made, "node": NODE})
        variables |= needed
    webhooks = []
    for name, receiver in listening.items():
        variables[f"RECEIVER_{name.upper()}"] = receiver.url
        webhooks.append({"name": name, "url_env": f"RECEIVER_{name.upper()}"})
    config = root / "watchpost.yaml"
    listed = [{"site": site, "devices": devices} for site, devices in sites.items() if devices]
    agents = {"agents": {"host": "127.0.0.1", "port": free_port()}}
    config.write_text(yaml.safe_dump({"sites": listed, "alerts": {"webhooks": webhooks}, "broker": agents, "hub": hub}))
    return config, variables


def run_all(runs: int, seed: int, names: list[str], say: Callable[[str], None], keep: Path | None) -> Iterator[Outcome]:
    for number in range(runs):
        root = Path(tempfile.mkdtemp(prefix=f"hostile-{seed + number}-"))
        try:
            outcome = run_one(seed + number, names, root)
            say(outcome.line())
            if not outcome.verdict.fine:
                for words in outcome.verdict.words[:12]:
                    say(f"    {words}")
                say(f"  again with: ./dev faults --hostile --runs 1 --seed {seed + number}")
                say(f"  beside: {', '.join(outcome.participants)}")
                if keep is not None:
                    shutil.copytree(root, keep / root.name, ignore_dangling_symlinks=True, symlinks=True)
            yield outcome
        finally:
            shutil.rmtree(root, ignore_errors=True)


def summary(outcomes: list[Outcome]) -> str:
    latencies = sorted(one for outcome in outcomes for one in outcome.latencies_s)
    p99 = latencies[int(len(latencies) * 0.99)] if latencies else 0.0
    who = {name for outcome in outcomes for name in outcome.participants}
    return (
        f"runs={len(outcomes)} participants={len(who)} worst recording="
        f"{min((outcome.recorded_share for outcome in outcomes), default=1.0):.1%} alerts={len(latencies)} "
        f"median={latencies[len(latencies) // 2] * 1000 if latencies else 0:.0f} ms p99={p99 * 1000:.0f} ms"
    )


def as_json(outcome: Outcome) -> str:
    return json.dumps(asdict(outcome))
