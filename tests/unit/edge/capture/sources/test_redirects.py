"""Where the redirects of a camera's web server are followed: to itself, and to itself with TLS."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from edge.capture.sources import redirects
from edge.capture.sources.failure_reasons import REDIRECTS
from edge.capture.sources.redirects import MOST_REDIRECTS, redirection
from edge.capture.sources.source import AccessRefused

CAMERA = "http://ada:s3cret@camera/video?x=1"


@pytest.fixture
def location(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    @contextmanager
    def answer(_: str) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(status=302 if request.param else 200, getheader=lambda _: request.param)

    monkeypatch.setattr(redirects, "web_answer", answer)
    return str(request.param)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/video/", "http://ada:s3cret@camera/video/"),
        ("other", "http://ada:s3cret@camera/other"),
        ("//camera/b", "http://ada:s3cret@camera/b"),
        ("http://CAMERA:80/b#c", "http://ada:s3cret@CAMERA:80/b"),
        ("http://eve:guess@camera/b", "http://ada:s3cret@camera/b"),
        ("https://camera/b", "https://ada:s3cret@camera/b"),
        (None, None),
    ],
    indirect=["location"],
)
def test_a_camera_that_redirects_to_itself_is_followed(location: str | None, target: str | None) -> None:
    assert redirection(CAMERA, 0) == target


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://neighbour/video", "http://neighbour"),
        ("http://camera:8080/video", "http://camera:8080"),
        ("https://camera:8443/video", "https://camera:8443"),
        ("//169.254.169.254/latest", "http://169.254.169.254"),
        ("http://eve:t0ken@neighbour/secret", "http://neighbour"),
        ("file:///etc/passwd", "file://"),
        ("rtsp://camera/video", "rtsp://camera"),
        ("concat:/dev/zero", "concat://"),
        (f"http://{'x' * 200}/", "an address that cannot be read"),
    ],
    indirect=["location"],
)
def test_a_camera_that_redirects_elsewhere_is_refused_in_a_sentence(location: str, shown: str) -> None:
    with pytest.raises(AccessRefused) as refused:
        redirection(CAMERA, 0)

    assert refused.value.why.startswith(f"it redirects to {shown}, which is another host, port or protocol")


@pytest.mark.parametrize("location", ["http://[::1/video", "http://camera:99999/"], indirect=True)
def test_a_location_that_cannot_be_read_is_none(location: str) -> None:
    assert redirection(CAMERA, 0) is None


@pytest.mark.parametrize("location", ["/again"], indirect=True)
def test_a_camera_that_redirects_again_and_again_is_refused(location: str) -> None:
    with pytest.raises(AccessRefused) as refused:
        redirection(CAMERA, MOST_REDIRECTS)

    assert refused.value.why == REDIRECTS
