"""Runs the product with a good site and hostile participants that a seed chooses: `./dev faults --hostile`."""

import json
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from mosquitto.launcher import free_port
from producer.sqlite_files import database_files
from tests.cameras.agent import device
from tests.cameras.case import Case
from tests.cameras.cases import GOOD_CASE, GROUPS
from tests.cameras.server import Cameras
from tests.eventually import eventually
from tests.faults.check import Verdict
from tests.faults.hostile import agents, bus, clients, people, receivers, routes, stolen, storage
from tests.faults.hostile.judge import (
    judge_alerts,
    judge_answers,
    judge_log,
    judge_processes,
    judge_receiver,
    judge_recording,
    not_posted,
)
from tests.faults.hostile.meter import Meter
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, NODE, Participant, World
from tests.loopback import NO_TLS
from tests.product import Product
from tests.receivers import Receiver, answering

LASTS_S = 25.0
DRAINS_WITHIN_S = 60.0
ALERT_EVERY_S = 2.0
POSTED_WITHIN_S = 30.0
ANSWERS_WITHIN_S = 30.0
CHOSEN = {"camera": 6, "bus": 4, "http": 3, "people": 2, "receiver": 2, "disk": 1, "stolen": 2, "routes": 1}
"""How many of each kind take part in a run, at most."""
PATHS = ("/health", "/metrics", "/api/v1/sites", "/api/v1/alerts", "/api/v1/incidents", "/api/v1/consumers",
         "/api/v1/system", "/api/v1/events", f"/api/v1/dashboard/{GOOD_SITE}", f"/api/v1/dashboard/{BAD_SITE}",
         f"/api/v1/timeline/{GOOD_SITE}", f"/api/v1/timeline/{BAD_SITE}", "/api/v1/health/devices",
         "/api/v1/storage/stats")  # fmt: skip


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
        _act(world, chosen, dice, meter)
        answered, states = answers(world), product.processes()
        wait_for(lambda: not not_posted(meter, good), POSTED_WITHIN_S)
        seen = cameras.seen(CAMERA)
        cameras.stop()
        drain(world)
        code = product.stop()
        verdict = judge_log(config, data, meter, disk_was_full=disk is not None)
        verdict.differ(len(world.errors), str(world.errors[:3]))
        judge_answers(verdict, answered)
        judge_processes(verdict, states)
        verdict.differ(int(code != 0), f"watchpost up ended with {code}")
        alert_s = judge_alerts(verdict, meter)
        judge_receiver(verdict, meter, good)
        share = judge_recording(verdict, data, seen)
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


def _act(world: World, chosen: tuple[Participant, ...], dice: random.Random, meter: Meter) -> None:
    """Everybody at once; the meter measures meanwhile."""
    stopping = threading.Event()
    threads = [
        threading.Thread(target=one.act, args=(world, random.Random(dice.random()), stopping), name=one.name)
        for one in chosen
        if one.act is not None and (world.disk is not None or not one.needs_disk)
    ]
    for thread in threads:
        thread.start()
    until, number = time.monotonic() + LASTS_S, 0
    while time.monotonic() < until:
        meter.measure(number, stopping)
        number += 1
        stopping.wait(ALERT_EVERY_S)
    stopping.set()
    for thread in threads:
        thread.join(30)
        if thread.is_alive():
            world.notes.append(f"{thread.name} did not end")


def answers(world: World) -> dict[str, int]:
    with httpx.Client(base_url=f"http://127.0.0.1:{world.http_port}", timeout=20, verify=NO_TLS) as client:
        if world.token:
            client.headers["Authorization"] = f"Bearer {world.token}"
        return {path: _settled(client, path) for path in PATHS}


def _settled(client: httpx.Client, path: str) -> int:
    """The status of an answer; chDB, which a full disk ends, is back within a while, and until then says so by 503."""
    wait_for(lambda: client.get(path).status_code != httpx.codes.SERVICE_UNAVAILABLE, ANSWERS_WITHIN_S)
    return client.get(path).status_code


def drain(world: World) -> None:
    """Until the agent's segments are confirmed, and every consumer stands at the head."""
    outbox = world.data / "outbox" / f"{NODE}.sqlite"
    eventually(lambda: _unconfirmed_segments(outbox) == 0, DRAINS_WITHIN_S, "every segment in the journal")
    with httpx.Client(base_url=f"http://127.0.0.1:{world.http_port}", timeout=20, verify=NO_TLS) as client:
        if world.token:
            client.headers["Authorization"] = f"Bearer {world.token}"

        def is_drained() -> bool:
            consumers = client.get("/api/v1/consumers").json()["consumers"]
            return all(one["lag"] is None or one["lag"] < 50 for one in consumers)

        eventually(is_drained, DRAINS_WITHIN_S, "every consumer at the head")


def wait_for(condition: Callable[[], bool], within_s: float) -> None:
    """What is not so by then, the judge says."""
    until, pause = time.monotonic() + within_s, threading.Event()
    while not condition() and time.monotonic() < until:
        pause.wait(0.1)


def _unconfirmed_segments(outbox: Path) -> int:
    query = (
        "select count(*) from outbox_event e join outbox_stream s on s.id = e.stream"
        " where e.sequence > s.watermark and e.kind in ('segment', 'media')"
    )
    # The agent locks others out of its outbox; what is copied while it commits may not fit together.
    with tempfile.TemporaryDirectory() as directory, suppress(sqlite3.DatabaseError, OSError):
        copy = Path(directory) / outbox.name
        for file in database_files(outbox)[:2]:
            if file.exists():
                shutil.copyfile(file, copy.with_name(file.name))
        with closing(sqlite3.connect(copy)) as connection:
            return int(connection.execute(query).fetchone()[0])
    return 1


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
