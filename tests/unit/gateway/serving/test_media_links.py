"""The addresses of media and of the pictures that are made of them."""

import pytest

from gateway.serving.media_links import picture_url


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("DEMO/yard/capture/one", "/media/DEMO/yard/capture/one"),
        ("DEMO/yard/thermal/one", "/api/v1/sites/DEMO/devices/yard/thermal.jpg?frame=one"),
    ],
)
def test_a_raw_thermal_frame_is_drawn_where_a_browser_shows_it(key: str, url: str) -> None:
    assert picture_url(key) == url
