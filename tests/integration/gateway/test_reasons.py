"""Why a device is ill, as its answers say it: what it says itself by now counts before how its trouble began."""

from pathlib import Path

import pytest

from bus_schemas.event import Event, iso
from tests.alerting_steps import AGENT, frames, loss, ticks
from tests.builders import at, health
from tests.integration.gateway.started import Filled, Started

ENDED, REFUSED = "it has ended the stream", "the camera refuses the user or the password"
YARD = "/api/v1/sites/DEMO/devices/yard"


def said(second: float, reason: str) -> Event:
    return health(at(second), "degraded", reason=reason, **AGENT)


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ([said(20, ENDED), said(30, REFUSED)], "degraded", REFUSED),
        ([said(20, ENDED), *(said(second, REFUSED) for second in range(30, 90, 5))], "offline", REFUSED),
        ([said(20, REFUSED), *(said(second, ENDED) for second in range(30, 90, 5))], "offline", ENDED),
        ([said(20, REFUSED), loss(30)], "offline", "connection lost"),
        ([said(20, REFUSED)], "offline", "nothing received for 35 s"),
    ],
    ids=["degraded", "offline", "another one later", "its agent is gone", "silent"],
)
def test_every_answer_says_what_keeps_a_device_from_work_now(
    tmp_path: Path, events: list[Event], status: str, reason: str
) -> None:
    until = 35 if status == "degraded" else 90
    story = sorted([*ticks(0, until), *frames(0, 20), *events], key=lambda one: one.time)
    with Filled(tmp_path) as filled:
        for event in story:
            filled.append(event, received=event.time)
        filled.fold()
        with Started(filled.hub) as started, started.client() as client:
            then = {"as_of": iso(at(until))}
            listed = client.get("/api/v1/health/devices", params=then).json()
            devices = client.get("/api/v1/sites/DEMO/devices", params=then).json()["devices"]
            alone = client.get(f"{YARD}/health", params=then).json()

    found = [next(one for one in answer if one["device"] == "yard") for answer in (listed, devices, [alone])]
    assert [one["reason"] for one in found] == [reason] * 3
    assert alone["status"] == status
