"""How fast events and media become durable at the edge, how long capture waits for that, and how fast they leave."""

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path

from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from producer.relay.relay import Relay
from tests.bench.measure import Measurement, summary, timed
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_double import ingest_double
from tests.node_parts import SOURCE, detection, frame, medium, running_relay

EVENTS = 20_000
MEDIA = 300
PICTURE = os.urandom(50_000)
GOAL_PER_S = 10_000
GOAL_BLOCKED_MS = 1.0


def case_outbox() -> list[Measurement]:
    """Events of 350 bytes and pictures of 50 kB, each with fsync; beside the pictures, what plain files take."""
    with tempfile.TemporaryDirectory() as folder, Outbox(Path(folder) / "node.sqlite", utc_now) as outbox:
        bursts = [[detection(people) for people in range(2000)] for _ in range(11)]
        grouped = timed([partial(outbox.put, *burst, durable=True) for burst in bursts])[1:]
        single = timed([lambda: outbox.put(detection(), durable=True)] * 300)[30:]
        tens = [[medium(PICTURE) for _ in range(10)] for _ in range(MEDIA // 10)]
        pictures = timed([partial(outbox.put, *ten, durable=True) for ten in tens])[3:]
        appended = timed([_appended(Path(folder) / "pack")] * 30)[3:]
    return [
        replace(summary("outbox, bursts", grouped, "put 2,000 at once, committed"), items=2000, goal_per_s=GOAL_PER_S),
        summary("outbox, one by one", single, "put, committed"),
        replace(
            summary("outbox, pictures", pictures, "put 10 of 50 kB, committed"),
            items=10,
            limit="appended to a file, fdatasync",
            limit_ms=summary("", appended, "").median_ms,
        ),
    ]


def _appended(path: Path) -> Callable[[], None]:
    def append() -> None:
        with path.open("ab", buffering=0) as pack:
            for _ in range(10):
                pack.write(PICTURE)
            os.fdatasync(pack.fileno())

    return append


def case_capture() -> list[Measurement]:
    """How long `put` holds up capture threads, while four of them put 2,500 events and 100 pictures a second."""
    with tempfile.TemporaryDirectory() as folder, Outbox(Path(folder) / "node.sqlite", utc_now) as outbox:
        waits: list[list[float]] = [[] for _ in range(4)]
        threads = [threading.Thread(target=_capture, args=(outbox, f"{SOURCE}{n}", waits[n])) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    taken = sorted(wait for one in waits for wait in one)
    blocked = summary("capture blocked by put", taken, "the call alone", goal_ms=GOAL_BLOCKED_MS)
    worst = [taken[int(len(taken) * share)] for share in (0.99, 0.999)]
    return [
        blocked,
        replace(blocked, case="capture blocked, p99", median_ms=round(worst[0], 4)),
        replace(blocked, case="capture blocked, p99.9", median_ms=round(worst[1], 4)),
        replace(blocked, case="capture blocked, longest", median_ms=round(taken[-1], 4)),
    ]


def _capture(outbox: Outbox, source: str, waits: list[float], seconds: float = 4.0) -> None:
    pause = threading.Event()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        batch: list[Draft] = [detection(1, source), *[frame(source) for _ in range(24)], medium(PICTURE, source=source)]
        start = time.perf_counter()
        outbox.put(*batch)
        waits.append((time.perf_counter() - start) * 1000)
        pause.wait(0.04)


def case_relay() -> list[Measurement]:
    """From the first message to the last watermark, with an ingest in a process of its own that decodes everything."""
    taken = []
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker") as broker, _ingest(broker.port):
        for number in range(4):
            path = Path(folder) / f"{number}.sqlite"
            with Outbox(path, utc_now) as outbox:
                outbox.put(*[detection(people % 7) for people in range(EVENTS)], durable=True)
                start = time.perf_counter()
                with running_relay(path, broker.port) as relay:
                    eventually(partial(_all_is_confirmed, relay))
                    taken.append((time.perf_counter() - start) * 1000)
    found = summary("outbox to broker", taken[1:], "connect, send, watermarks; none lost")
    return [replace(found, items=EVENTS, goal_per_s=GOAL_PER_S)]


def _all_is_confirmed(relay: Relay) -> bool:
    figures = relay.statistics()
    return bool(figures["messages_published"]) and not figures["failed_queue_size"]


@contextmanager
def _ingest(port: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    listening, ended = context.Event(), context.Event()
    process = context.Process(target=_ingest_until, args=(port, listening, ended))
    process.start()
    try:
        assert listening.wait(20), "the ingest does not listen"
        yield
    finally:
        ended.set()
        process.join()


def _ingest_until(port: int, listening: ProcessEvent, ended: ProcessEvent) -> None:
    with ingest_double(port):
        listening.set()
        ended.wait()
