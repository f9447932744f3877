"""What a broker retains, as a program sees it that subscribes now."""

from typing import Any

from paho.mqtt.client import Client, MQTTMessage

from bus_schemas.topics import HUB_CONDITION
from producer.broker import BrokerAddress
from producer.mqtt import background_client
from tests.eventually import eventually


def retained(address: BrokerAddress) -> dict[str, bytes]:
    """Every retained condition, of devices and of the hub, as who subscribes gets it before the answer to a message of
    its own.
    """
    found: dict[str, bytes] = {}
    done: list[bool] = []

    def on_connect(client: Client, *_: Any) -> None:
        client.subscribe([("watchpost/v1/+/+/condition", 1), (HUB_CONDITION, 1), ("test/end", 1)])

    def on_subscribe(client: Client, *_: Any) -> None:
        client.publish("test/end", b"", qos=1)

    def on_message(_client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.topic == "test/end":
            done.append(True)
        elif message.retain:
            found[message.topic] = bytes(message.payload)

    client = background_client(address, "test", keepalive_s=10, longest_pause_s=1)
    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    client.loop_start()
    try:
        eventually(lambda: done, what="the retained messages")
    finally:
        client.disconnect()
        client.loop_stop()
    return found
