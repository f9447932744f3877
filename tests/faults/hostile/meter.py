"""A good foreign device: it tells of hot spots now and then, and measures how long it takes until an alert is out."""

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage

from bus_schemas.codec import to_bytes
from bus_schemas.event import device_source
from bus_schemas.topics import event_topic
from tests import builders
from tests.faults.hostile.bus import disconnected
from tests.faults.hostile.world import GOOD_SITE, METER, Login

COOL_C: Final = 25.0
HOT_C: Final = 91.0
FRAME_S: Final = 0.125
WAITS_S: Final = 20.0
ALERTS: Final = f"watchpost/v1/{GOOD_SITE}/_hub/event/#"


class Meter:
    """Each alert is of a device of its own, since the rules tell of one device only so often."""

    def __init__(self, port: int, login: Login | None = None) -> None:
        self.sent: list[str] = []
        """The ids of all of its events that the broker has taken."""
        self.latencies_s: list[float] = []
        self.missed: list[str] = []
        self._raised: dict[str, float] = {}
        self._news = threading.Condition()
        self._client = disconnected(login)
        self._client.on_connect = lambda client, *_: client.subscribe(ALERTS, 1)
        self._client.on_message = self._received
        self._client.connect("127.0.0.1", port if login is None else login.port)
        self._client.loop_start()

    @property
    def raised(self) -> list[str]:
        """Its devices of which an alert came."""
        return [device for device in self._raised if device.startswith(METER)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _received(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        body = json.loads(message.payload)
        for event in body if isinstance(body, list) else [body]:
            if event["type"].startswith("watchpost.alert.") and event["data"]["state"] == "raised":
                with self._news:
                    self._raised.setdefault(event["data"]["device"], time.monotonic())
                    self._news.notify_all()

    def measure(self, number: int, pause: threading.Event) -> None:
        """A frame with a hot spot of several pixels after a cool one: from then on the alert is due."""
        device = f"{METER}{number}"
        self._say(device, COOL_C)
        pause.wait(FRAME_S)
        began = time.monotonic()
        self._say(device, HOT_C)
        with self._news:
            is_raised = self._news.wait_for(lambda: device in self._raised, WAITS_S)
        if is_raised:
            self.latencies_s.append(max(0.0, self._raised[device] - began))
        else:
            self.missed.append(device)
        self._say(device, COOL_C)

    def _say(self, device: str, hottest: float) -> None:
        event = builders.thermal(datetime.now(UTC), hottest=hottest, site=GOOD_SITE, device=device)
        topic = event_topic(device_source(GOOD_SITE, device), "thermal")
        self._client.publish(topic, to_bytes(event), qos=1).wait_for_publish(WAITS_S)
        self.sent.append(event.id)
