"""What a part must not need, so that it can be installed alone."""

import json
import subprocess
import sys

import pytest

from tests.installed_wheel import HUB_ONLY


@pytest.mark.processes
@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("edge.agent.node, watchpost.cli, watchpost.configuration.agents, watchpost.processes.entry_points", HUB_ONLY),
        ("watchpost.cli, watchpost.configuration.config", HUB_ONLY | {"av", "cv2", "numpy"}),
        ("consumers.ingest.run", HUB_ONLY - {"msgspec"} | {"av", "cv2", "numpy"}),
    ],
)
def test_a_part_does_not_pull_in_what_others_need(modules: str, absent: set[str]) -> None:
    program = f"import json, sys, {modules}; print(json.dumps(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout

    assert absent.isdisjoint(name.split(".")[0] for name in json.loads(loaded))
