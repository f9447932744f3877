"""Live video through a real broker: sent while somebody watches, from a keyframe on."""

import json
import select
import socket
from collections.abc import Iterator
from typing import Any, Final, Self, get_args

import httpx
import pytest
from paho.mqtt.client import Client, MQTTMessage

from bus_schemas.event import device_source
from bus_schemas.protocol import VIDEO, WATCH, LiveKind
from bus_schemas.topics import command_topic, live_topic
from gateway.routes.media import live as routes
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.eventually import WITHIN_S, eventually
from tests.faults.hostile.bus import connected
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import Filled, Started, a_busy_morning
from tests.live_camera import LiveCamera

ADDRESS = "/live/DEMO/yard/video.mp4"
MESSAGES_OF_2_MB: Final = 10
"""More than the buffers of two sockets hold."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Started]:
    with Filled(tmp_path_factory.mktemp("live")) as filled:
        filled.append(*a_busy_morning()).fold()
        with Started(filled.hub, BrokerAddress(port=broker.port)) as started:
            started.wait_for(lambda: started.gateway.bus.is_connected)
            yield started


def first_bytes(answer: httpx.Response, count: int) -> bytes:
    taken = b""
    for chunk in answer.iter_raw():
        taken += chunk
        if len(taken) >= count:
            break
    return taken


def test_a_camera_sends_its_video_while_somebody_watches_and_no_longer(served: Started, broker: Broker) -> None:
    with LiveCamera(broker) as camera, served.client() as client:
        assert camera.leases == 0
        with client.stream("GET", ADDRESS) as one, client.stream("GET", ADDRESS) as other:
            # Whoever stops reading in the middle of a chunk hangs up.
            eventually(lambda: served.gateway.videos.watchers == 2)
            begins = [first_bytes(answer, 3000) for answer in (one, other)]
            types = {answer.headers["content-type"] for answer in (one, other)}
            leases = camera.leases
        eventually(lambda: served.gateway.videos.watchers == 0)

    assert leases <= 2
    assert [begin[4:8] for begin in begins] == [b"ftyp", b"ftyp"]
    (kind,) = types
    assert kind.startswith('video/mp4; codecs="avc1.')
    assert kind.endswith(', mp4a.40.2"')


@pytest.mark.parametrize("kind", get_args(LiveKind))
def test_a_device_is_asked_for_the_previews_that_somebody_looks_at(
    served: Started, broker: Broker, kind: LiveKind
) -> None:
    yard, jpeg = device_source("DEMO", "yard"), b"\xff\xd8\xff of now"

    def send(client: Client, _data: Any, message: MQTTMessage) -> None:
        client.publish(live_topic(yard, json.loads(message.payload)["arguments"]["kind"]), jpeg)

    with Peer(broker, command_topic(yard, WATCH)) as device, served.client() as client:
        device.client.on_message = send
        with client.stream("GET", f"/live/DEMO/yard/{kind}.mjpg") as answer:
            shown = first_bytes(answer, 100)
        eventually(lambda: served.gateway.frames.watchers == 0)

    assert jpeg in shown


class Viewer:
    """Watches the live video over a connection of its own, and reads when it is asked to."""

    def __init__(self, port: int, receive_bytes: int | None = None) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(WITHIN_S)
        if receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(f"GET {ADDRESS} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())

    def has_something(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def read_up_to(self, mark: bytes) -> bytes:
        read = b""
        while mark not in read[-200_000:]:
            piece = self._socket.recv(100_000)
            assert piece, "the stream ended"
            read += piece
        return read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._socket.close()


def end_of(number: int) -> bytes:
    return b"<end of %d>" % number


def keyframe(number: int, size: int = 100) -> bytes:
    return b"\0\0\0\x18ftypisom avcC\x01\x64\x00\x1f moof".ljust(size, b".") + end_of(number)


def test_a_slow_viewer_costs_the_others_nothing(
    served: Started, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wait in ("FIRST_VIDEO_S", "SILENT_S"):
        monkeypatch.setattr(routes, wait, WITHIN_S)
    with (
        connected(broker.port) as camera,
        Viewer(served.port, receive_bytes=4096) as slow,
        Viewer(served.port) as quick,
    ):
        eventually(lambda: served.gateway.videos.watchers == 2)

        def send(number: int, size: int = 100) -> None:
            topic = live_topic(device_source("DEMO", "yard"), VIDEO)
            camera.publish(topic, keyframe(number, size), 1).wait_for_publish(WITHIN_S)

        def both_began() -> bool:
            send(0)
            return slow.has_something() and quick.has_something()

        eventually(both_began)
        last = MESSAGES_OF_2_MB
        for number in range(1, last + 1):
            send(number, 2_000_000)
            quick.read_up_to(end_of(number))
        seen = slow.read_up_to(end_of(last))

    # It stood still meanwhile, and goes on with what is new.
    assert any(end_of(number) not in seen for number in range(1, last))


def test_a_camera_that_sends_no_live_video_is_a_404_with_a_sentence(
    served: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "FIRST_VIDEO_S", 0.2)
    with served.client() as client:
        answer = client.get(ADDRESS)

    assert (answer.status_code, answer.json()["detail"]) == (404, "no live video of yard arrives now")


def test_what_the_broker_has_retained_is_not_shown_as_live(
    served: Started, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "FIRST_VIDEO_S", 1.0)
    with connected(broker.port) as device:
        topic = live_topic(device_source("DEMO", "yard"), VIDEO)
        device.publish(topic, b"\0\0\0\x18ftypisom avcC\x01\x64\x00\x1f moof", 1, retain=True).wait_for_publish(30)
        try:
            with served.client() as client:
                answer = client.get(ADDRESS)
        finally:
            device.publish(topic, b"", 1, retain=True).wait_for_publish(30)

    assert answer.status_code == 404
