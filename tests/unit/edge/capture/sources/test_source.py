"""What all sources share."""

import pytest

from edge.capture.sources.source import without_credentials


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:p%40ss@10.0.0.5:554/live?token=x", "rtsp://10.0.0.5:554/live"),
        ("rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("http://user@host/video.mjpg#x", "http://host/video.mjpg"),
        ("rtsp://user:a@b@host/live", "rtsp://host/live"),
        ("/dev/video0", "/dev/video0"),
        ("recordings/yard.mp4", "recordings/yard.mp4"),
    ],
)
def test_an_address_is_shown_without_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
