"""A camera that sends JPEG pictures over HTTP, read and recorded."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import simplejpeg

from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import mjpeg
from edge.capture.sources.source import CameraFrame, SourceUnreachable
from edge.capture.sources.video import VideoSource
from tests.segment_player import played

PICTURES = 60
FPS = 20


class Camera(BaseHTTPRequestHandler):
    """Sixty pictures, each lighter than the one before, and then the end."""

    def do_GET(self) -> None:
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


@pytest.fixture
def camera() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://viewer:secret@127.0.0.1:{server.server_port}/video"
    server.shutdown()
    thread.join()
    server.server_close()


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
    source = VideoSource(mjpeg(camera), now, threading.Event().wait, recorder, analysis_fps=5)
    start = now()
    source.open()
    frames, reason = until_lost(source)
    source.close()
    segments = recorder.take()

    assert reason == camera.replace("viewer:secret@", "") + ": Input/output error"
    assert (frames[0].picture.width, frames[0].picture.height) == (160, 120)
    assert len(frames) == pytest.approx(15, abs=3)
    assert abs(frames[0].time - start) < timedelta(seconds=5)
    assert sum(segment.duration_s for segment in segments) == pytest.approx(PICTURES / FPS, abs=1)
    assert all(played(segment).pictures[0].key_frame for segment in segments)
