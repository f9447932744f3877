"""How devices leave the bus."""

from typing import Any

import pytest
from paho.mqtt.client import MQTT_ERR_NO_CONN, MQTTMessageInfo

from producer.broker import BrokerAddress
from producer.relay import presence
from producer.relay.presence import DevicePresences
from tests.node_parts import NOON, OTHER, SOURCE


class LosingClient:
    """Its connection ends while the last event is handed to it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def is_connected(self) -> bool:
        return True

    def publish(self, *_arguments: Any, **_options: Any) -> MQTTMessageInfo:
        info = MQTTMessageInfo(1)
        info.rc = MQTT_ERR_NO_CONN
        return info

    def loop_start(self) -> None:
        self.calls.append("loop_start")

    def disconnect(self) -> None:
        self.calls.append("disconnect")

    def loop_stop(self) -> None:
        self.calls.append("loop_stop")


def test_each_device_leaves_also_where_the_connection_of_one_is_lost_just_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[LosingClient] = []

    def made(*_arguments: Any, **_options: Any) -> LosingClient:
        clients.append(LosingClient())
        return clients[-1]

    monkeypatch.setattr(presence, "background_client", made)
    with DevicePresences([SOURCE, OTHER], BrokerAddress(), lambda: NOON) as presences:
        presences.begin()

    assert [client.calls for client in clients] == [["loop_start", "disconnect", "loop_stop"]] * 2
