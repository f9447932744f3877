"""How much of the page a browser has to take before it shows anything."""

import gzip
import re
from pathlib import Path

import pytest

from tests.required import missing

PAGE = Path("gateway/static")
MOST_BYTES = 100_000
"""Of scripts, compressed; what other views need comes when they are opened."""


def test_the_scripts_of_the_start_are_small() -> None:
    index = PAGE / "index.html"
    if not index.exists():
        missing("the page is not built")
    scripts = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', index.read_text())

    assert scripts
    assert sum(len(gzip.compress((PAGE / one).read_bytes())) for one in scripts) <= MOST_BYTES


@pytest.mark.parametrize("view", ["Device", "Playback", "Alerts", "System", "Settings", "Dashboard"])
def test_a_view_that_comes_later_is_a_file_of_its_own(view: str) -> None:
    if not (PAGE / "index.html").exists():
        missing("the page is not built")

    assert list((PAGE / "assets").glob(f"{view}-*.js"))
