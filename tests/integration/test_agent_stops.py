"""Agents that are told to end while cameras have them wait in FFmpeg, where no thread can be asked to leave."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mosquitto.launcher import free_port
from tests.cameras.agent import NODE, ROOT, configured
from tests.cameras.case import Case
from tests.cameras.cases import CONNECTIONS, GOOD_CASE
from tests.cameras.server import Cameras
from tests.eventually import eventually

AT_ONCE, ROUNDS = 6, 2
CASES: dict[str, Case] = {
    **{f"says_nothing_{number}": CONNECTIONS["accepts_and_says_nothing"] for number in range(24)},
    **{f"hangs_{number}": CONNECTIONS["hangs_after_play"] for number in range(2)},
    "good": GOOD_CASE,
}
PLAYED = [name for name in CASES if not name.startswith("says_nothing")]


@contextmanager
def forking(cameras: Cameras, folder: Path) -> Iterator[tuple[IO[str], IO[str]]]:
    """Where to write data directories, and where to read process numbers and exit codes."""
    config, variables = configured(CASES, cameras, folder)
    command = [sys.executable, "-m", "tests.cameras.stops", str(config), NODE, str(free_port())]
    with (folder / "agents.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        yield process.stdin, process.stdout


def test_an_agent_ends_well_although_its_cameras_hang(tmp_path: Path) -> None:
    codes: list[str] = []
    with Cameras(CASES) as cameras, forking(cameras, tmp_path) as (begins, says):
        for number in range(1, ROUNDS + 1):
            data = [str(tmp_path / f"data-{number}-{one}") for one in range(AT_ONCE)]
            begins.write(f"{' '.join(data)}\n")
            begins.flush()
            agents = [int(agent) for agent in says.readline().split()]
            eventually(
                lambda count=number * AT_ONCE: all(cameras.seen(name).sessions >= count for name in PLAYED),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
                within=60,
            )
            for agent in agents:
                os.kill(agent, signal.SIGTERM)
            codes += says.readline().split()

    assert codes == ["0"] * (AT_ONCE * ROUNDS), (tmp_path / "agents.log").read_text()[-2000:]
