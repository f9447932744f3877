"""The stages of a hostile run: everybody acts, what is on its way arrives, and the product ends and is judged."""

import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from producer.sqlite_files import database_files
from tests.eventually import eventually
from tests.faults.check import Verdict
from tests.faults.hostile.judge import (
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
from tests.receivers import Receiver

DRAINS_WITHIN_S = 60.0
POSTED_WITHIN_S = 30.0
ANSWERS_WITHIN_S = 30.0
ENDS_WITHIN_S = 60.0
PATHS = ("/health", "/metrics", "/api/v1/sites", "/api/v1/alerts", "/api/v1/incidents", "/api/v1/consumers",
         "/api/v1/system", "/api/v1/events", f"/api/v1/dashboard/{GOOD_SITE}", f"/api/v1/dashboard/{BAD_SITE}",
         f"/api/v1/timeline/{GOOD_SITE}", f"/api/v1/timeline/{BAD_SITE}", "/api/v1/health/devices",
         "/api/v1/storage/stats")  # fmt: skip


@dataclass(frozen=True)
class HostileRun:
    """The product, its world, and the good site that is judged."""

    product: Product
    config: Path
    world: World
    meter: Meter
    receiver: Receiver


def act(
    run: HostileRun,
    participants: Sequence[Participant],
    dice: random.Random,
    lasts_s: float,
    alert_every_s: float,
    is_ended: Callable[[], bool] = lambda: False,
) -> None:
    """Everybody at once; the meter measures meanwhile."""
    stopping = threading.Event()
    threads = [
        threading.Thread(target=one.act, args=(run.world, random.Random(dice.random()), stopping), name=one.name)
        for one in participants
        if one.act is not None
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + lasts_s
    while time.monotonic() < until and not is_ended():
        run.meter.measure(len(run.meter.sent), stopping)
        stopping.wait(alert_every_s)
    stopping.set()
    for thread in threads:
        thread.join(ENDS_WITHIN_S)
        if thread.is_alive():
            run.world.notes.append(f"{thread.name} did not end")


def end(run: HostileRun, *, disk_was_full: bool = False) -> tuple[Verdict, float]:
    """Stop the product and judge it; also the share of the good camera that is recorded."""
    world = run.world
    answered, states = _answers(world), run.product.processes()
    _wait_for(lambda: not not_posted(run.meter, run.receiver), POSTED_WITHIN_S)
    seen = world.cameras.seen(CAMERA)
    world.cameras.stop()
    _drain(world)
    code = run.product.stop()
    verdict = judge_log(run.config, world.data, run.meter, disk_was_full=disk_was_full)
    verdict.differ(len(world.errors), str(world.errors[:3]))
    judge_answers(verdict, answered)
    judge_processes(verdict, states)
    verdict.differ(int(code != 0), f"watchpost up ended with {code}")
    judge_receiver(verdict, run.meter, run.receiver)
    return verdict, judge_recording(verdict, world.data, seen)


def client_of(world: World) -> httpx.Client:
    headers = {"Authorization": f"Bearer {world.token}"} if world.token else {}
    return httpx.Client(base_url=f"http://127.0.0.1:{world.http_port}", timeout=20, verify=NO_TLS, headers=headers)


def _answers(world: World) -> dict[str, int]:
    with client_of(world) as client:
        return {path: _settled(client, path) for path in PATHS}


def _settled(client: httpx.Client, path: str) -> int:
    """The status of an answer; chDB, which a full disk ends, is back within a while, and until then says so by 503."""
    _wait_for(lambda: client.get(path).status_code != httpx.codes.SERVICE_UNAVAILABLE, ANSWERS_WITHIN_S)
    return client.get(path).status_code


def _drain(world: World) -> None:
    """Until the agent's segments are confirmed, and every consumer stands at the head."""
    outbox = world.data / "outbox" / f"{NODE}.sqlite"
    eventually(lambda: _unconfirmed_segments(outbox) == 0, DRAINS_WITHIN_S, "every segment in the journal")
    with client_of(world) as client:

        def is_drained() -> bool:
            answer = client.get("/api/v1/consumers")
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return False  # Strangers tried wrong tokens from the address of the judge.
            return all(one["lag"] is None or one["lag"] < 50 for one in answer.raise_for_status().json()["consumers"])

        eventually(is_drained, DRAINS_WITHIN_S, "every consumer at the head")


def _wait_for(condition: Callable[[], bool], within_s: float) -> None:
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
