"""Closes the pair of sockets by which paho wakes its thread.

It leaves them to the garbage collector, which now and then warns of them, in the test that happens to run.
"""

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

_stop = Client.loop_stop


def _loop_stop(client: Client) -> MQTTErrorCode:
    stopped = _stop(client)
    if client.socket() is None:
        # Disconnected and stopped: all that is left to close is what paho closes when a client is collected.
        client.__del__()
    return stopped


def close_when_stopped() -> None:
    """For all clients of this process."""
    Client.loop_stop = _loop_stop  # type: ignore[method-assign, assignment]  # paho's leaves its sockets open
