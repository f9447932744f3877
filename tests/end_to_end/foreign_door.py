"""A foreign device that counts people at a door."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

SITE = "TEST"


def publish(data: Path, people: range) -> None:
    """A detection by each number of people."""
    config = (data / "broker" / "mosquitto.conf").read_text()
    port = next(line.split()[1] for line in config.splitlines() if line.startswith("listener "))
    events = [
        {
            "specversion": "1.0",
            "id": f"door-{count}",
            "source": f"/sites/{SITE}/devices/DOOR",
            "type": "watchpost.detection.v1",
            "time": datetime.now(UTC).isoformat(),
            "data": {"people_count": count, "event_triggers": ["CROWD_VIOLATION"]},
        }
        for count in people
    ]
    command = ["mosquitto_pub", "-p", port, "-q", "1", "-t", f"watchpost/v1/{SITE}/DOOR/event/detection", "-l"]
    subprocess.run(command, input="\n".join(map(json.dumps, events)) + "\n", text=True, check=True, timeout=20)
