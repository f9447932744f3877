"""What is said of a camera that answers, and gives no video."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from edge.capture.sources.failure_reasons import REDIRECTS, UNKNOWN_CODEC, Attempt, explain, unreachable
from edge.capture.sources.inputs import rtsp
from edge.capture.sources.source import AccessRefused, SourceUnreachable
from edge.capture.sources.video import VideoSource
from producer.ids import utc_now

Answer = Callable[[str], str]
Serve = Callable[[Answer], str]


def asked_to_go_elsewhere(method: str) -> str:
    return "302 Moved\r\nLocation: rtsp://127.0.0.1:1/elsewhere" if method == "DESCRIBE" else "200 OK"


def describing(codec: str) -> Answer:
    lines = ("v=0", "s=camera", "t=0 0", "m=video 0 RTP/AVP 96", f"a=rtpmap:96 {codec}/90000", "a=control:track0", "")
    body = "\r\n".join(lines)

    def answer(method: str) -> str:
        if method == "DESCRIBE":
            return f"200 OK\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        return "200 OK\r\nSession: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1"

    return answer


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a camera that gives each request the answer of its method; returns its address."""
    server = socket.create_server(("127.0.0.1", 0))

    def converse(connection: socket.socket, answer: Answer) -> None:
        with connection, suppress(OSError):
            lines = connection.makefile("rb")
            while request := lines.readline():
                headers = list(iter(lambda: lines.readline().strip(), b""))
                number = next(one for one in headers if one.lower().startswith(b"cseq")).decode()
                status, _, rest = answer(request.split()[0].decode()).partition("\r\n")
                if "\r\n\r\n" not in rest:
                    rest += "\r\n\r\n" if rest else "\r\n"
                connection.sendall(f"RTSP/1.0 {status}\r\n{number}\r\n{rest}".encode())

    def accept(answer: Answer) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=converse, args=(server.accept()[0], answer), daemon=True).start()

    def start(answer: Answer) -> str:
        threading.Thread(target=accept, args=(answer,), daemon=True).start()
        return f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"

    yield start
    server.close()


def test_a_server_that_sends_every_request_elsewhere_is_not_called_silent(serve: Serve) -> None:
    attempt = Attempt(serve(asked_to_go_elsewhere))

    assert explain(TimeoutError(), attempt) == REDIRECTS
    # Only a person can mend that, and FFmpeg asks a hundred times a second.
    assert isinstance(unreachable(TimeoutError(), attempt), AccessRefused)


def test_a_server_that_answers_is_silent_where_no_data_comes(serve: Serve) -> None:
    address = serve(describing("H264"))

    assert explain(TimeoutError(), Attempt(address)) == "no data for 10 s"
    assert explain(TimeoutError(), Attempt(address, is_open=True, codec="vp8")) == (
        "no data for 10 s that is vp8, as which its video is described"
    )


def test_video_of_an_unknown_codec_is_named_as_such(serve: Serve) -> None:
    source = VideoSource(rtsp(serve(describing("XYZ")), timeout_s=1), utc_now, time.sleep)

    with pytest.raises(SourceUnreachable, match=UNKNOWN_CODEC):
        source.open()
