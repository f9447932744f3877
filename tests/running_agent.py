"""Runs an agent in a thread of the test, and picks the events of one type out of what ingest was sent."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bus_schemas.event import Event
from edge.agent.node import run
from edge.agent.settings import DeviceSettings, NodeSettings
from producer.broker import BrokerAddress
from producer.ids import Clock, utc_now
from tests.ingest_double import IngestDouble

T = TypeVar("T", bound=Event)


@contextmanager
def running_agent(port: int, data: Path, *devices: DeviceSettings, wall: Clock = utc_now) -> Iterator[None]:
    stopping = threading.Event()
    settings = NodeSettings(node="yard", devices=devices)
    with ThreadPoolExecutor(1) as pool:
        agent = pool.submit(run, settings, BrokerAddress(port=port), data, stopping, wall, environ={})
        try:
            yield
        finally:
            stopping.set()
            agent.result(timeout=30)


def of(ingest: IngestDouble, model: type[T]) -> list[T]:
    return [event for event in ingest.all_events() if isinstance(event, model)]
