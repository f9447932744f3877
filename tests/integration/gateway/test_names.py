"""Alerts and incidents say what their places were called at the moment that is asked about, and what sends again."""

from pathlib import Path
from typing import Any

import httpx

from tests import builders
from tests.builders import at
from tests.integration.gateway.started import Filled, Started


def place(client: httpx.Client, path: str, **asked: str) -> tuple[str, str, str]:
    found: dict[str, Any] = client.get(path, params={"device": "yard", **asked}).json()
    one = next(iter(found.values()))[0]
    return one["site_name"], one["device_name"], one["time_zone"]


def test_alerts_and_incidents_have_the_names_of_then_and_what_is_retired_is_heard_again(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        for second in range(0, 60, 5):
            filled.append(builders.tick(at(second)), builders.thermal(at(second), hottest=97.0))
        filled.append(
            builders.registry(at(120), device=None, name="The plant", time_zone="Asia/Tokyo"),
            builders.registry(at(120), device="yard", name="Back yard"),
        ).fold()
        with Started(filled.hub) as started, started.client() as client:
            for path in ("/api/v1/alerts", "/api/v1/incidents"):
                assert place(client, path) == ("The plant", "Back yard", "Asia/Tokyo")
                assert place(client, path, as_of="2026-01-05T10:01:30Z") == ("Demo yard", "Yard", "Europe/Berlin")

            filled.append(builders.registry(at(200), device=None, retired=True)).fold()
            [before] = client.get("/api/v1/sites").json()["retired"]
            filled.append(builders.thermal(at(300))).fold()
            [after] = client.get("/api/v1/sites").json()["retired"]

    assert (before["site"], before["heard_again"]) == ("DEMO", None)
    assert after["heard_again"] == "2026-01-05T10:05:00.000Z"
