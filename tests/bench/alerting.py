"""How long people wait: from the moment at which an agent has observed something to its alert on the bus."""

import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.alert import AlertEvent
from bus_schemas.codec import decode
from bus_schemas.event import device_source
from producer.garbage import spare_the_collector
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from tests import builders
from tests.bench.measure import Measurement, summary
from tests.eventually import eventually
from tests.node_parts import running_relay
from tests.product import Product

SITE = "BENCH"
PROBES = 200
PAUSE_S = 0.1
LOAD_DEVICES = 50
LOAD_PER_S = 1000
SETTLES_S = 10.0
HEARD_WITHIN_S = 20.0
GOAL_P99_MS = 40.0
ROUND = "bench/round"
ALERTS = f"watchpost/v1/{SITE}/_hub/event/#"
CONFIGURATION = f"""
sites:
  - site: {SITE}
    name: Bench
    time_zone: UTC
    devices: []
"""


class Ear:
    """Hears alerts, and how long a message takes through the broker and back; moments of the monotonic clock."""

    def __init__(self, port: int) -> None:
        self.alerts: dict[str, float] = {}
        self.rounds: list[float] = []
        self._back = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._receive
        self._client.connect("127.0.0.1", port)
        wire = self._client.socket()
        assert isinstance(wire, socket.socket)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.subscribe([(ALERTS, 1), (ROUND, 1)])
        self._client.loop_start()

    def _receive(self, _client: Client, _data: object, message: Any) -> None:
        now = time.monotonic()
        if message.topic == ROUND:
            self._back.set()
            return
        for event in decode(message.payload, getattr(message.properties, "ContentType", None)):
            if isinstance(event, AlertEvent) and event.data.state == "raised":
                self.alerts.setdefault(event.data.device, now)

    def go_round(self) -> None:
        self._back.clear()
        began = time.monotonic()
        self._client.publish(ROUND, b"x" * 300, qos=1)
        if self._back.wait(5):
            self.rounds.append((time.monotonic() - began) * 1000)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def _load(port: int, seconds: float) -> Iterator[None]:
    """The load of virtual devices, from a process of its own: it stands for other machines, and so it steps back."""
    command = [
        "nice",
        "-n",
        "10",
        sys.executable,
        "-m",
        "watchpost",
        "simulate",
        "--site",
        SITE,
        "--mqtt-port",
        str(port),
    ]
    amount = ["--devices", str(LOAD_DEVICES), "--rate", str(LOAD_PER_S), "--for", str(seconds)]
    process = subprocess.Popen([*command, *amount], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def case_alert() -> list[Measurement]:
    """A hot frame of a device that was cool: outbox, bus, journal, incident, bus, journal, alert, bus."""
    spare_the_collector()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "watchpost.yaml").write_text(CONFIGURATION)
        product = Product(home / "data", ["--config", str(home / "watchpost.yaml")])
        try:
            product.start()
            port = product.mqtt_port()
            quiet, rounds = _probe(home / "quiet.sqlite", port, "quiet")
            with _load(port, SETTLES_S + PROBES * PAUSE_S * 2):
                threading.Event().wait(SETTLES_S)
                loaded, rounds_loaded = _probe(home / "loaded.sqlite", port, "loaded")
        finally:
            product.end()
    return [
        *_rows("edge to alert, quiet", quiet, rounds),
        *_rows(f"edge to alert, {LOAD_PER_S:,}/s beside it", loaded, rounds_loaded),
    ]


def _probe(outbox_file: Path, port: int, name: str) -> tuple[list[float], list[float]]:
    """Milliseconds from the call that observes to the alert, and of a message to the broker and back."""
    began: dict[str, float] = {}
    ear = Ear(port)
    pause = threading.Event()
    with Outbox(outbox_file, utc_now):
        pass  # A relay finds the tables of its outbox, as in an agent.
    with (
        closing(ear),
        running_relay(outbox_file, port) as relay,
        Outbox(outbox_file, utc_now, on_commit=relay.wake) as outbox,
    ):
        eventually(lambda: relay.connected)
        for number in range(PROBES):
            device = f"{name}-{number}"
            event = builders.thermal(utc_now(), hottest=97.0, source=device_source(SITE, device), id=device)
            began[device] = time.monotonic()
            outbox.put(Draft(event))
            pause.wait(PAUSE_S / 2)
            ear.go_round()
            pause.wait(PAUSE_S / 2)
        eventually(lambda: began.keys() <= ear.alerts.keys(), within=HEARD_WITHIN_S)
        return [(ear.alerts[device] - began[device]) * 1000 for device in began], ear.rounds


def _rows(case: str, taken: list[float], rounds: list[float]) -> list[Measurement]:
    row = summary(case, taken, "put, fsync, bus, journal, incident, alert")
    row = replace(row, limit="mosquitto round trip", limit_ms=summary("", rounds, "").median_ms)
    worst = sorted(taken)[int(len(taken) * 0.99)]
    return [row, replace(row, case=f"{case}, p99", median_ms=round(worst, 4), goal_ms=GOAL_P99_MS)]
