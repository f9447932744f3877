"""How fast the bus becomes a durable log, beside what the broker passes to a C client in the same run."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bus_schemas.codec import to_bytes
from bus_schemas.topics import event_topic
from consumers.store.journal.reader import SqliteJournalReader
from tests import builders
from tests.bench.measure import Measurement, median, summary
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_process import ingest_process

SINGLES = 20_000
BATCHED = 200_000
BATCH = 200
RUNS = 5
LONGEST_SECONDS = 60
PASSES_SHARE = 0.7
BATCHED_PER_S = 100_000
# Unbounded, so that the publisher's lead over a subscriber is not dropped: what is measured is how fast all arrives.
UNBOUNDED = "\nmax_queued_messages 0\nmax_queued_bytes 0\n"


def case_singles_to_log() -> list[Measurement]:
    """QoS 1, one event a message, mosquitto_pub to mosquitto_sub and then mosquitto_pub to the journal."""
    taken, limits = _to_log(SINGLES, 1)
    row = summary("singles to durable log", taken, "publish, broker, decode, fsync, watermark; 300 B events")
    goal = PASSES_SHARE * SINGLES / median(limits) * 1000
    return [replace(row, items=SINGLES, goal_per_s=goal, limit="broker to a C client", limit_ms=median(limits))]


def case_batches_to_log() -> list[Measurement]:
    """As singles, 200 events a message, as a relay sends a backlog."""
    taken, limits = _to_log(BATCHED, BATCH)
    row = summary("batches of 200 to durable log", taken, "publish, broker, decode, fsync, watermark; 300 B events")
    limit = median(limits)
    return [replace(row, items=BATCHED, goal_per_s=BATCHED_PER_S, limit="broker to a C client", limit_ms=limit)]


def _to_log(events: int, a_message: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the first publish to the last commit, and to the last arrival at a C client, turn by turn."""
    taken, limits = [], []
    with TemporaryDirectory() as folder, _broker(Path(folder)) as broker, _ingest(Path(folder), broker.port) as reader:
        for run in range(RUNS):
            lines = _lines(Path(folder) / f"{run}.lines", events, a_message, epoch=f"run-{run}")
            limits.append(_to_c_client(broker.port, lines, -(-events // a_message)))
            taken.append(_to_journal(broker.port, lines, reader, events))
    return taken, limits


def _lines(path: Path, events: int, a_message: int, epoch: str) -> Path:
    """A message a line, of consecutive events of one stream."""
    template = to_bytes(builders.detection(id="00000000-0000", epoch=epoch, sequence=1, objects=()))
    bodies = [
        template.replace(b"00000000-0000", b"%013d" % number).replace(b'"sequence":1', b'"sequence":%d' % number)
        for number in range(1, events + 1)
    ]
    messages = [bodies[start : start + a_message] for start in range(0, events, a_message)]
    path.write_bytes(
        b"".join((some[0] if a_message == 1 else b"[" + b",".join(some) + b"]") + b"\n" for some in messages)
    )
    return path


@contextmanager
def _broker(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder / "broker")
    with broker:
        config = broker.directory / "mosquitto.conf"
        config.write_text(config.read_text() + UNBOUNDED)
        os.kill(broker.pid, 1)  # SIGHUP: read the configuration again
        yield broker


@contextmanager
def _ingest(data: Path, port: int) -> Iterator[SqliteJournalReader]:
    with ingest_process(data, port), closing(SqliteJournalReader(data / "journal")) as reader:
        eventually(reader.head)
        yield reader


def _publisher(port: int, topic: str, lines: Path) -> "subprocess.Popen[bytes]":
    with lines.open("rb") as stdin:
        command = ["mosquitto_pub", "-V", "5", "-p", str(port), "-q", "1", "-t", topic, "-l"]
        return subprocess.Popen(command, stdin=stdin)


def _to_c_client(port: int, lines: Path, messages: int) -> float:
    # Line by line, or the word that it has subscribed comes with the last message.
    command = [
        "stdbuf",
        "-oL",
        "mosquitto_sub",
        "-V",
        "5",
        "-p",
        str(port),
        "-q",
        "1",
        "-t",
        "limit/#",
        "-C",
        str(messages),
        "-d",
    ]
    subscriber = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert subscriber.stdout is not None
    for line in subscriber.stdout:
        if b"SUBACK" in line:
            break
    drain = threading.Thread(target=subscriber.stdout.read)
    drain.start()
    began = time.perf_counter()
    publisher = _publisher(port, "limit/x", lines)
    subscriber.wait()
    took = (time.perf_counter() - began) * 1000
    drain.join()
    subscriber.stdout.close()
    publisher.wait()
    return took


def _to_journal(port: int, lines: Path, reader: SqliteJournalReader, events: int) -> float:
    topic = event_topic(builders.detection().source, "detection")
    upto = reader.head() + events
    pause = threading.Event()
    began = time.perf_counter()
    publisher = _publisher(port, topic, lines)
    # The hub's own heartbeats are among the positions: one in 5 s, which is nothing beside these.
    while reader.head() < upto:
        assert time.perf_counter() - began < LONGEST_SECONDS, f"{upto - reader.head()} events never came"
        pause.wait(0.002)
    took = (time.perf_counter() - began) * 1000
    publisher.wait()
    return took
