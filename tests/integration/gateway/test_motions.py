"""The list of motions of a device, as its page asks for it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.event import iso
from tests.builders import motion, settings
from tests.integration.gateway.started import NOW, Filled, Started


def after(seconds: float) -> datetime:
    return NOW - timedelta(minutes=10) + timedelta(seconds=seconds)


@pytest.mark.parametrize(("silent_s", "is_over"), [(2.0, False), (90.0, True)])
def test_a_motion_whose_agent_says_no_more_of_it_is_over(tmp_path: Path, silent_s: float, is_over: bool) -> None:
    ended = motion(after(20), duration_s=5.0)
    updates = [motion(after(30 + second), phase="update", duration_s=float(second)) for second in range(1, 9)]
    now = after(38 + silent_s)
    with Filled(tmp_path) as filled:
        filled.append(ended, motion(after(30), phase="start", duration_s=0.0), *updates).fold()
        with Started(filled.hub, clock=lambda: now) as started, started.client() as client:
            asked = {"from": iso(after(0)), "to": iso(now)}
            found = client.get("/api/v1/sites/DEMO/devices/yard/motions", params=asked).json()["motions"]

    assert [(one["seconds"], one["is_over"]) for one in found] == [(8.0, is_over), (5.0, True)]


def test_motions_of_a_zone_are_those_that_moved_in_it_as_it_is_set_now(tmp_path: Path) -> None:
    door = {"name": "door", "points": [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]}
    with Filled(tmp_path) as filled:
        filled.append(
            settings(after(0), settings={"zones": [door]}),
            motion(after(20), boxes=((0.0, 0.0, 0.2, 0.2),)),
            motion(after(40), boxes=((0.6, 0.2, 0.2, 0.2),)),
        ).fold()
        with Started(filled.hub, clock=lambda: after(60)) as started, started.client() as client:
            path, asked = "/api/v1/sites/DEMO/devices/yard/motions", {"from": iso(after(0)), "to": iso(after(60))}
            everywhere, there = client.get(path, params=asked), client.get(path, params=asked | {"zone": "door"})
            nowhere = client.get(path, params=asked | {"zone": "gate"})

    assert [one["latest"] for one in everywhere.json()["motions"]] == [iso(after(40)), iso(after(20))]
    assert [one["latest"] for one in there.json()["motions"]] == [iso(after(40))]
    assert there.json()["searched_since"] is None
    assert (nowhere.status_code, nowhere.json()["detail"]) == (404, "yard has no zone 'gate'; it has door")
