"""What a process has in memory because it knows a list: large libraries are imported where they are used."""

import subprocess
import sys

import pytest

_PRINT_LOADED = "import sys, {module}; print(*({libraries} & sys.modules.keys()))"


@pytest.mark.processes
@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("consumers.registry", {"av", "cv2", "httpx", "numpy"}),
        ("consumers.upkeep.exports.job", {"cv2", "httpx"}),
        ("gateway.server", {"av", "chdb", "cv2", "httpx", "numpy", "pyarrow"}),
        ("watchpost.cli", {"av", "cv2", "httpx", "numpy", "paho", "starlette", "uvicorn"}),
        ("watchpost.__main__", {"av", "cv2", "httpx", "numpy", "paho", "pygments", "rich", "starlette", "uvicorn"}),
    ],
)
def test_a_process_that_draws_and_posts_nothing_has_no_library_for_it(module: str, libraries: set[str]) -> None:
    program = _PRINT_LOADED.format(module=module, libraries=libraries)
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert loaded == []
