"""An agent is shown once, however many devices it has, by its newest heartbeat."""

from typing import Any

from consumers.views.health.questions import NodeHealth
from gateway.routes.devices.health import agents_of


def beat(device: str, time: str, node: str | None = "pi-1", **given: Any) -> NodeHealth:
    said = {"time": time, "uptime_s": 60.0, "status": "online", "commands": ["snapshot"], **given}
    return NodeHealth("YARD", device, said if node is None else said | {"node": node})


def test_the_devices_of_an_agent_share_its_newest_heartbeat() -> None:
    link = {"messages": 7, "bytes_sent": 4000, "bytes_saved": 900, "reconnects": 1, "round_trip_ms": 12.5}
    old = beat("GATE", "2026-01-05T10:00:00.000Z", outbox_rows=3)
    new = beat("LANE", "2026-01-05T10:00:10.000Z", outbox_rows=0, link=link)
    (agent,) = agents_of([old, new])

    assert (agent.node, agent.devices, agent.outbox_rows) == ("pi-1", ["GATE", "LANE"], 0)
    assert agent.link is not None
    assert (agent.link.bytes_saved, agent.link.round_trip_ms) == (900, 12.5)


def test_an_agent_that_does_not_say_its_name_is_called_as_its_device() -> None:
    (agent,) = agents_of([beat("DOOR", "2026-01-05T10:00:00.000Z", node=None)])

    assert (agent.node, agent.devices, agent.link, agent.process) == ("DOOR", ["DOOR"], None, None)
