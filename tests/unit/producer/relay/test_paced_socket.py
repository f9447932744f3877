"""A socket that accepts no more than its link carries soon."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from producer.relay.paced_socket import PacedSocket
from producer.relay.send_window import SendWindow
from producer.relay.session import ignore_sent, unlimited


@pytest.fixture
def pair() -> Iterator[tuple[PacedSocket, socket.socket]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    with closing(far), closing(PacedSocket(near, SendWindow(), unlimited, ignore_sent)) as paced:
        yield paced, far


def test_what_the_peer_has_taken_is_held_no_more(pair: tuple[PacedSocket, socket.socket]) -> None:
    paced, far = pair
    paced.send(b"alarm")

    assert far.recv(5) == b"alarm"
    assert paced.queued() == 0


def test_of_a_connection_that_is_closed_nothing_is_held(pair: tuple[PacedSocket, socket.socket]) -> None:
    paced, _ = pair
    paced.send(b"alarm")
    paced.close()

    assert paced.queued() == 0
