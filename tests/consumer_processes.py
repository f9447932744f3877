"""Processes of consumers that try again soon, and a view that refuses some events."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine import checkpoint, view_files
from consumers.engine.head_listener import POLL_S
from consumers.engine.projection import Emit, Projection
from consumers.engine.retrying import BRIEF_S
from consumers.engine.runner import ConsumerProcess
from consumers.engine.sink import Sink
from consumers.engine.view_files import NoView
from consumers.store.journal.record import Recorded
from producer.backoff import Backoff
from tests.threads import in_a_thread


class Picky(Projection):
    """Does not take one device, and a full disk is what another one means to it."""

    name: ClassVar[str] = "picky"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    schema: ClassVar[str] = "create table if not exists seen (position integer primary key)"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            if record.event.source.endswith("/bad"):
                raise KeyError("a bug")
            if record.event.source.endswith("/full"):
                raise OSError(28, "No space left on device")
            view.execute("insert into seen values (?)", (record.position,))


def position(data: Path, name: str) -> int:
    try:
        view = view_files.open_view(data, name)
    except NoView:
        return -1
    found = checkpoint.load(view)
    view.close()
    return found


@contextmanager
def running(process: ConsumerProcess, *consumers: Projection | Sink) -> Iterator[threading.Thread]:
    with impatient(), in_a_thread(lambda stopping: process.run(consumers, stopping)) as thread:
        yield thread


@contextmanager
def impatient() -> Iterator[None]:
    """What fails is tried again, and reported, after a twentieth of the seconds that it would take."""
    sooner = {
        "retrying.AGAIN": Backoff(0.05, 3.0),
        "retrying.AGAIN_SOON": Backoff(0.05, 0.25),
        "retrying.BRIEF_S": BRIEF_S / 20,
        "consumer_loop.POLL_S": POLL_S / 20,
        "runner.POLL_S": POLL_S / 20,
    }
    with ExitStack() as stack:
        for name, pause in sooner.items():
            stack.enter_context(patch(f"consumers.engine.{name}", pause))
        yield


def seen(data: Path) -> list[int]:
    with closing(view_files.open_view(data, "picky")) as view:
        return [position for (position,) in view.execute("select position from seen")]
