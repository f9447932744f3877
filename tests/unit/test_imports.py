"""What a process has in memory because it knows a list: large libraries are imported where they are used."""

import json
import subprocess
import sys

import pytest

NOT_LOADED = {
    "watchpost.__main__": ["av", "cv2", "httpx", "numpy", "paho", "pygments", "rich", "starlette", "uvicorn"],
    "watchpost.cli": ["av", "cv2", "httpx", "numpy", "paho", "starlette", "uvicorn"],
    "gateway.server": ["av", "chdb", "cv2", "httpx", "numpy", "pyarrow"],
    "consumers.registry": ["av", "cv2", "httpx", "numpy"],
    "consumers.upkeep.exports.job": ["cv2", "httpx"],
}
"""In the order in which one process imports them: what a later one must not load, those before it must not either."""

PRINT_LOADED = """
import importlib, json, sys

loaded = {}
for module, libraries in json.loads(sys.argv[1]).items():
    importlib.import_module(module)
    loaded[module] = sorted(set(libraries) & sys.modules.keys())
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """By module, what one process that imports all of them had loaded after it."""
    command = [sys.executable, "-c", PRINT_LOADED, json.dumps(NOT_LOADED)]
    found: dict[str, list[str]] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


@pytest.mark.processes
@pytest.mark.parametrize("module", NOT_LOADED)
def test_a_process_that_draws_and_posts_nothing_has_no_library_for_it(
    loaded: dict[str, list[str]], module: str
) -> None:
    assert loaded[module] == []
