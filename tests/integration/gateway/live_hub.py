"""The hub with one of each kind as it runs: a broker, ingest, its views, and devices that carry out commands."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from bus_schemas.topics import event_topic
from consumers.engine.projection import Projection
from consumers.engine.runner import ConsumerProcess
from consumers.ingest import run as ingest
from consumers.registry import CONSUMERS
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.retention.sink import RetentionSink
from gateway.server import stores_of
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.integration.gateway.each_kind import agents_of, filled_with_each_kind
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import NOW, Started
from tests.threads import in_a_thread

COMMANDS = "watchpost/v1/+/+/command/+"


class WillingDevices(Peer):
    """Every device there is: it says at once that it has done what it was asked for."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, COMMANDS, lambda request: {**request, "state": "done"})
        self.client.on_message = self._obey

    def _obey(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        _, _, site, device, _, name = message.topic.split("/")
        if not hasattr(message.properties, "ResponseTopic"):
            return
        request = json.loads(message.payload)
        if name == "settings":
            given = {"site": site, "device": device, "settings": request["settings"]}
            event = builders.settings(NOW, request_id=request["request_id"], **given)
            client.publish(event_topic(event.source, "settings"), event.model_dump_json(), qos=1)
        self._take(client, data, message)


@contextmanager
def live_hub(data: Path) -> Iterator[Started]:
    """What is asked of it is done. It is NOW all the time."""
    with filled_with_each_kind(data) as hub:
        """The journal is ingest's from here on."""
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(data / "broker"))
        address = BrokerAddress(port=broker.port)
        stack.enter_context(in_a_thread(lambda stopping: ingest(data, address, stopping, lambda: NOW)))
        made = [make(hub) for make in CONSUMERS.values()]
        needed = [one for one in made if isinstance(one, Projection | RetentionSink)]
        process = ConsumerProcess(hub, address, lambda: SqliteJournalReader(data / "journal"), lambda: NOW)
        stack.enter_context(in_a_thread(lambda stopping: process.run(needed, stopping)))
        stack.enter_context(WillingDevices(broker))
        started = stack.enter_context(
            Started(
                hub, address, stores=stores_of(hub), agents=agents_of(data), trial_command=(sys.executable, "-c", "")
            )
        )
        started.wait_for(lambda: started.gateway.bus.is_connected)
        yield started
