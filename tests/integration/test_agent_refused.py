"""A broker that refuses an agent, or some of what it says: told with user, topic and reason, in the log and beyond."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bus_schemas.codec import read_stored
from bus_schemas.node import HealthEvent
from bus_schemas.thermal import ThermalEvent
from edge.agent.node import run
from edge.agent.settings import DeviceSettings, NodeSettings, RatesSettings
from edge.agent.source_settings import SceneSourceSettings
from mosquitto.launcher import BrokerMissing, accepts, command, free_port, mosquitto_path
from producer.broker import BrokerAddress
from producer.outbox.tables import connect
from tests.eventually import eventually
from tests.ingest_double import ingest_double
from tests.required import missing
from tests.running_agent import of

SENSOR = DeviceSettings(
    site="YARD",
    device="SENSOR",
    thermal=SceneSourceSettings(kind="scene", scene="thermal"),
    rates=RatesSettings(thermal_frame_s=1),
)
OWN = "watchpost/v1/YARD/SENSOR"
Logs = list[MutableMapping[str, Any]]

ACCESS = f"""
topic readwrite #
user pi
topic write {OWN}/event/#
topic write {OWN}/state
topic readwrite {OWN}/claim
"""


@contextmanager
def broker_with(folder: Path, access: str) -> Iterator[int]:
    """Anybody may do what stands above the first user; `pi` has the password `right`."""
    try:
        mosquitto_path()
    except BrokerMissing as absent:
        missing(str(absent))
    port = free_port()
    user = "user root\n" if os.geteuid() == 0 else ""
    (folder / "acl").write_text(access)
    (folder / "passwords").touch()
    subprocess.run(["mosquitto_passwd", "-b", str(folder / "passwords"), "pi", "right"], check=True)
    (folder / "conf").write_text(
        f"{user}listener {port} 127.0.0.1\nallow_anonymous true\n"
        f"password_file {folder / 'passwords'}\nacl_file {folder / 'acl'}\n"
    )
    with (folder / "log").open("wb") as log, subprocess.Popen(command(folder / "conf"), stderr=log) as process:
        try:
            eventually(lambda: accepts(("127.0.0.1", port)), what="a broker")
            yield port
        finally:
            process.terminate()


@contextmanager
def agent_of(port: int, data: Path, password: str) -> Iterator[None]:
    stopping = threading.Event()
    settings = NodeSettings(node="yard", devices=(SENSOR,))
    broker = BrokerAddress(port=port, username="pi", password=password)
    with ThreadPoolExecutor(1) as pool:
        agent = pool.submit(run, settings, broker, data, stopping, environ={})
        try:
            yield
        finally:
            stopping.set()
            agent.result(timeout=30)


def errors(logs: Logs, words: str) -> Callable[[], Logs]:
    return lambda: [line for line in list(logs) if words in line["event"] and line["log_level"] == "error"]


def troubles(outbox: Path) -> list[str]:
    """The reasons of a device that is degraded, as they wait in the outbox."""
    with closing(connect(outbox)) as connection:
        bodies = [body for (body,) in connection.execute("select body from outbox_event order by position")]
    healths = [event.data for event in read_stored(bodies) if isinstance(event, HealthEvent)]
    return [health.reason or "" for health in healths if health.status == "degraded"]


def test_a_wrong_password_is_said_with_the_user_and_the_reason_and_without_the_password(tmp_path: Path) -> None:
    with broker_with(tmp_path, ACCESS) as port, capture_logs() as logs, agent_of(port, tmp_path / "data", "wr0ng-one"):
        said = eventually(errors(logs, "refuses the connection"))

    assert said[0]["user"] == "pi"
    assert "ot authorized" in said[0]["reason"]
    assert len(said) <= 5
    assert "wr0ng" not in str(logs)


def test_a_missing_line_of_the_access_list_is_said_with_its_topic_and_makes_the_device_degraded(tmp_path: Path) -> None:
    outbox = tmp_path / "data" / "outbox" / "yard.sqlite"
    with (
        broker_with(tmp_path, ACCESS) as port,
        ingest_double(port),
        capture_logs() as logs,
        agent_of(port, tmp_path / "data", "right"),
    ):
        (said,) = eventually(errors(logs, "refuses a topic"))
        # What stands behind a hole of its stream is taken in once the access list is put right.
        degraded = eventually(lambda: troubles(outbox))

    assert (said["user"], said["topic"]) == ("pi", f"{OWN}/media/thermal")
    assert "ot authorized" in said["reason"]
    assert f"{OWN}/media/thermal as user pi" in degraded[0]


def test_what_is_never_heard_of_ingest_is_said_with_the_topic_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producer.relay.refusal_log.SILENT_S", 1.0)
    access = f"{ACCESS}topic write {OWN}/media/#\n"
    with (
        broker_with(tmp_path, access) as port,
        ingest_double(port) as ingest,
        capture_logs() as logs,
        agent_of(port, tmp_path / "data", "right"),
    ):
        eventually(lambda: of(ingest, ThermalEvent))
        (said,) = eventually(errors(logs, "nothing comes back"))

    assert (said["user"], said["topic"]) == ("pi", f"{OWN}/watermark")
