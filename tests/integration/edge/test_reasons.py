"""What is wrong with a camera is said in a sentence that its owner understands."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import pytest

from edge.capture.sources import failure_reasons
from edge.capture.sources.inputs import Input, mjpeg, rtsp
from edge.capture.sources.source import SourceUnreachable
from edge.capture.sources.video import VideoSource
from mosquitto.launcher import free_port
from tests.integration.edge import refusing_camera
from tests.integration.edge.refusing_camera import serving


def reason(opened: Input) -> str:
    """Why a source gives nothing, whether it says so when it is opened or when it is read."""
    source = VideoSource(opened, lambda: datetime.now(UTC), threading.Event().wait)
    with pytest.raises(SourceUnreachable) as lost:
        read_once(source)
    source.close()
    return str(lost.value)


def read_once(source: VideoSource) -> None:
    source.open()
    while source.read() is None:
        pass


def timeout_s(path: str) -> float:
    """Short for those that say nothing, and for others such that a busy machine is in time."""
    return 1.0 if path in ("silent", "mute") else 20.0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("describe-401", "refuses the user or the password"),
        ("describe-403", "does not allow this user"),
        ("describe-404", "has no such path"),
        ("setup-404", "has no such path"),
        ("describe-453", "takes no more viewers"),
        ("setup-453", "takes no more viewers"),
        ("setup-461", "set `transport: udp`"),
        ("describe-503", "an error of its own"),
        ("silent", "no data for 1 s"),
        ("mute", "no data for 1 s"),
    ],
)
def test_an_rtsp_camera_that_refuses_or_hangs(path: str, expected: str) -> None:
    with serving(refusing_camera.rtsp) as port:
        said = reason(rtsp(f"rtsp://ada:s3cret-word@127.0.0.1:{port}/{path}", timeout_s(path)))

    assert said.startswith(f"rtsp://127.0.0.1:{port}/{path}: ")
    assert expected in said
    assert "s3cr" not in said


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("401", "refuses the user or the password"),
        ("403", "does not allow this user"),
        ("404", "has no such path"),
        ("503", "an error of its own"),
        ("page", "this is a web page, not a video stream"),
        ("picture", "this is a single picture, not a video stream"),
        ("silent", "no data for 1 s"),
        ("mute", "no data for 1 s"),
    ],
)
def test_an_mjpeg_camera_that_refuses_or_is_something_else(path: str, expected: str) -> None:
    with serving(refusing_camera.http) as port:
        said = reason(mjpeg(f"http://ada:s3cret-word@127.0.0.1:{port}/{path}", timeout_s(path)))

    assert said.startswith(f"http://127.0.0.1:{port}/{path}: ")
    assert expected in said
    assert "s3cr" not in said


@pytest.mark.parametrize("kind", [rtsp, mjpeg])
def test_an_address_where_nobody_is(kind: Callable[[str], Input]) -> None:
    scheme = "rtsp" if kind is rtsp else "http"

    assert "Connection refused: the machine is there" in reason(kind(f"{scheme}://127.0.0.1:{free_port()}/live"))
    assert "the name camera.invalid is not found" in reason(kind(f"{scheme}://camera.invalid/live"))


@pytest.mark.parametrize("kind", [rtsp, mjpeg])
def test_a_camera_that_answers_line_by_line_for_ever_holds_its_thread_for_a_moment(
    kind: Callable[[str, float], Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_reasons, "PROBE_S", 0.3)
    scheme = "rtsp" if kind is rtsp else "http"
    with serving(refusing_camera.dripping) as port:
        began = monotonic()

        assert "no data for 0.5 s" in reason(kind(f"{scheme}://127.0.0.1:{port}/live", 0.5))
    assert monotonic() - began < 20


@pytest.mark.parametrize("step", ["options", "describe", "setup", "play"])
def test_a_camera_that_goes_away_while_the_stream_is_set_up(step: str) -> None:
    with serving(refusing_camera.rtsp) as port:
        said = reason(rtsp(f"rtsp://127.0.0.1:{port}/{step}-gone", 20.0))

    assert "the camera has closed the connection" in said
    assert "speaks no RTSP" not in said


@pytest.mark.parametrize("kind", [rtsp, mjpeg])
def test_what_ends_every_connection_without_an_answer(kind: Callable[[str, float], Input]) -> None:
    scheme = "rtsp" if kind is rtsp else "http"
    with serving(refusing_camera.leaving) as port:
        assert "ends the connection without an answer" in reason(kind(f"{scheme}://127.0.0.1:{port}/live", 20.0))


def test_a_web_server_at_an_rtsp_address() -> None:
    with serving(refusing_camera.http) as port:
        assert "speaks no RTSP" in reason(rtsp(f"rtsp://127.0.0.1:{port}/page", timeout_s("page")))
