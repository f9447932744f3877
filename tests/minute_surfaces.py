"""Each minute of a site in the words of its tile, its own parts and the timeline, compared."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bus_schemas.condition import SEVERITY

DAY_MINUTES = 1440


@dataclass(frozen=True)
class Minute:
    """A minute of a site in the words of its tile, and what the timeline says of it."""

    number: int
    tile: Mapping[str, Any]
    state: str
    condition: str | None
    types: tuple[str, ...] | None

    def faults(self) -> Iterator[str]:
        """A line for each thing that the tile says otherwise than its own parts, or than the timeline."""
        tile, devices = self.tile, self.tile["devices"]
        wrong = [one for one in devices if one["state"] == "incident"]
        by_cell = {one["device"]: one["state"] for one in tile["cells"]}
        pairs = {
            "the state of the timeline": (self.state, tile["state"]),
            "incidents_count": (tile["incidents_count"], len(wrong)),
            "unknown_count": (tile["unknown_count"], sum(one["state"] == "unknown" for one in devices)),
            "the devices of its picture": (by_cell, {one["device_id"]: one["state"] for one in devices}),
            "those of the picture of incidents": (
                [one["device"] for one in tile["ko"]["cells"]],
                [one["device_id"] for one in wrong],
            ),
        }
        if tile["state"] == "incident":
            worst = max((one["condition"] for one in devices), key=SEVERITY.__getitem__)
            pairs |= {
                "its condition and that of its worst device": (tile["condition"], worst),
                "its condition and that of the timeline": (tile["condition"], self.condition),
                "its types and those of the timeline": (tuple(tile["types"]), self.types),
            }
        for what, (one, other) in pairs.items():
            if one != other:
                yield f"minute {self.number}: {what}: {one} and {other}"


def minutes(client: httpx.Client, site: str) -> Iterator[Minute]:
    """Those of the last day of which there is a tile."""
    timeline = client.get(f"/api/v1/timeline/{site}").json()
    first, states = timeline["newest"] - DAY_MINUTES + 1, b64decode(timeline["states"])
    spans = {
        number: (span["condition"], tuple(span["types"]))
        for span in timeline["incidents"]
        for number in range(span["first"], span["first"] + span["minutes"])
    }
    for number in range(DAY_MINUTES):
        state = timeline["classes"][states[number // 4] >> 2 * (number % 4) & 3]
        minute = first + number
        slot = f"{minute // 60 % 24:02d}{minute % 60:02d}"
        if state == "no_data":
            continue
        answer = client.get(f"/heatmaps/{site}/{slot}.json", params={"minute": minute})
        assert answer.status_code == 200, answer.text
        yield Minute(minute, answer.json(), state, *spans.get(number, (None, None)))
