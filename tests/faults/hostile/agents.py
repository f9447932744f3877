"""Hostile programs that claim to be agents: they guess codes, and forge configurations and what became of them."""

import json
import random
from datetime import datetime
from typing import Any

from bus_schemas.codec import to_bytes
from bus_schemas.event import GATEWAY, HUB, device_source
from tests import builders
from tests.faults.hostile.bus import Message, sending, topic
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, METER, Participant

_VERSIONS = (1, 2, 3, 2**31 - 1)
_OF_THE_GATEWAY = f"watchpost/v1/{HUB}/{GATEWAY}/event/agent"


def _forged(dice: random.Random, now: datetime) -> Message:
    """As a program of the same machine can write it: nobody has signed it."""
    state = dice.choice(("configured", "configured", "code_issued", "enrolled", "revoked"))
    said: dict[str, Any] = {"node": f"ghost{dice.randrange(20)}", "state": state, "by": "eve", "version": None}
    if state == "configured":
        devices = (f"{GOOD_SITE}/{dice.choice((CAMERA, METER))}",)
        said |= {"version": dice.choice(_VERSIONS), "configuration": "x" * 100_000, "signature": "c2ln"}
        said |= {"devices": devices}
    if state in ("enrolled", "revoked"):
        said["user"] = f"{said['node']}.{dice.randrange(1000)}"
    event = builders.agent(now, **said).model_copy(update={"source": device_source(HUB, GATEWAY)})
    return _OF_THE_GATEWAY, to_bytes(event)


def _lies(dice: random.Random, now: datetime) -> Message:
    """A device that speaks for agents that have never heard of it."""
    event = builders.agent(
        now, site=BAD_SITE, device="BAD0", node=f"ghost{dice.randrange(20)}", state=dice.choice(("applied", "refused")),
        version=dice.choice(_VERSIONS), reason="x" * dice.choice((1, 4000)),
    )  # fmt: skip
    return topic("BAD0", "agent"), json.dumps(json.loads(to_bytes(event))).encode()


PARTICIPANTS = (
    Participant("bus:forged_configurations", act=sending(_forged, pause_s=0.05)),
    Participant("bus:lying_agents", act=sending(_lies)),
)
