"""An agent is given another name, or taken out of the configuration, while its outbox holds what nobody has."""

import os
import time
from pathlib import Path

from bus_schemas.camera import DetectionEvent
from edge.agent.abandoned_outboxes import KEPT_S, sending_abandoned
from edge.agent.settings import DeviceSettings, NodeSettings
from edge.agent.source_settings import SceneSourceSettings
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.locks import FileLock
from producer.outbox.outbox import Outbox
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_double import ingest_double
from tests.node_parts import detection
from tests.running_agent import of

SENSOR = DeviceSettings(site="YARD", device="SENSOR", thermal=SceneSourceSettings(kind="scene", scene="thermal"))
SETTINGS = NodeSettings(node="new", devices=(SENSOR,))


def filled(path: Path, people: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(people), durable=True)
    return path


def test_what_an_agent_has_left_arrives_once_it_is_configured_no_more(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    filled(folder / "old.sqlite", 1)
    filled(folder / "neighbour.sqlite", 2)
    filled(folder / "runs.sqlite", 3)

    with (
        ingest_double(broker.port) as ingest,
        FileLock(folder / "runs.lock"),
        sending_abandoned(folder, {"new", "neighbour"}, BrokerAddress(port=broker.port), SETTINGS),
    ):
        eventually(lambda: of(ingest, DetectionEvent))

    assert [event.data.people_count for event in of(ingest, DetectionEvent)] == [1]


def test_an_outbox_that_holds_nothing_any_more_goes_after_a_day(broker: Broker, tmp_path: Path) -> None:
    old = filled(tmp_path / "outbox" / "old.sqlite", 1)
    address = BrokerAddress(port=broker.port)
    with ingest_double(broker.port) as ingest:
        with sending_abandoned(old.parent, {"new"}, address, SETTINGS):
            eventually(lambda: list(ingest.watermarks.values()) == [1])
            eventually(lambda: of(ingest, DetectionEvent))
        with sending_abandoned(old.parent, {"new"}, address, SETTINGS):
            pass
        assert old.exists()

        a_day_ago = time.time() - KEPT_S - 1
        os.utime(old, (a_day_ago, a_day_ago))
        with sending_abandoned(old.parent, {"new"}, address, SETTINGS):
            eventually(lambda: not old.exists())

    assert list(old.parent.iterdir()) == []
