"""A camera that sends JPEG pictures over HTTP, read and recorded."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import quote, unquote

import numpy as np
import pytest
import simplejpeg

from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import mjpeg
from edge.capture.sources.source import AccessRefused, CameraFrame, SourceUnreachable
from edge.capture.sources.video import VideoSource
from tests.segment_player import played

PICTURES = 60
FPS = 20
ANALYSIS_FPS = 5


class Camera(BaseHTTPRequestHandler):
    """Sixty pictures, each lighter than the one before, and then the end."""

    seen: ClassVar[list[tuple[str, str]]] = []
    """Paths and what was sent to prove who asks."""

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", unquote(self.path.removeprefix("/moved/")))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        pace = threading.Event()
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for index in range(PICTURES):
            jpeg = simplejpeg.encode_jpeg(np.full((120, 160, 3), 40 + 3 * index, np.uint8))
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            pace.wait(1 / FPS)

    def log_message(self, format: str, *args: object) -> None:
        """A test has nothing to log."""


@contextmanager
def serving() -> Iterator[str]:
    Camera.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://viewer:secret@127.0.0.1:{server.server_port}/video"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def camera() -> Iterator[str]:
    with serving() as address:
        yield address


def now() -> datetime:
    return datetime.now(UTC)


def until_lost(source: VideoSource) -> tuple[list[CameraFrame], str]:
    frames: list[CameraFrame] = []
    until = now() + timedelta(seconds=20)
    while now() < until:
        try:
            reading = source.read()
        except SourceUnreachable as lost:
            return frames, str(lost)
        frames += [reading] if isinstance(reading, CameraFrame) else []
    return frames, "never lost"


def test_an_mjpeg_camera_is_analysed_and_recorded_until_it_ends(camera: str) -> None:
    recorder = Recorder(target_seconds=1)
    source = VideoSource(mjpeg(camera), now, threading.Event().wait, recorder, analysis_fps=ANALYSIS_FPS)
    start = now()
    source.open()
    frames, reason = until_lost(source)
    source.close()
    segments = recorder.take()

    assert reason == camera.replace("viewer:secret@", "") + ": Input/output error"
    assert (frames[0].picture.width, frames[0].picture.height) == (160, 120)
    # A camera on a busy machine takes longer for its pictures.
    lasted_s = (frames[-1].time - frames[0].time).total_seconds()
    assert lasted_s > PICTURES / FPS - 1
    assert len(frames) == pytest.approx(lasted_s * ANALYSIS_FPS, abs=3)
    assert abs(frames[0].time - start) < timedelta(seconds=5)
    assert sum(segment.duration_s for segment in segments) == pytest.approx(lasted_s, abs=1)
    assert all(played(segment).pictures[0].key_frame for segment in segments)


def moved(camera: str, location: str) -> str:
    return camera.replace("/video", f"/moved/{quote(location, safe='')}")


def test_a_redirect_to_another_camera_is_not_followed_and_the_reason_names_it(camera: str) -> None:
    with serving() as neighbour:
        there = neighbour.replace("viewer:secret@", "")
        source = VideoSource(mjpeg(moved(camera, there)), now, threading.Event().wait)
        with pytest.raises(AccessRefused) as refused:
            source.open()
        source.close()

    assert [path for path, _ in Camera.seen if path == "/video"] == []
    assert f"it redirects to {there.removesuffix('/video')}, which is another host, port or protocol" in str(
        refused.value
    )
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("location", ["/video", "{camera}"])
def test_a_redirect_of_a_camera_to_itself_is_followed_with_its_password(camera: str, location: str) -> None:
    target = location.format(camera=camera.replace("viewer:secret@", ""))
    source = VideoSource(mjpeg(moved(camera, target)), now, threading.Event().wait, analysis_fps=5)
    source.open()
    frames, _ = until_lost(source)
    source.close()

    assert frames
    assert Camera.seen[-1][0] == "/video"
