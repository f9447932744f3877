"""A gateway that is asked how everything is, and what its answers are taken apart into: facts about subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

Subject = tuple[str, ...]
"""What a fact is about: its kind first, then ids."""
Fact = tuple[Subject, str, Any]
"""Of a subject, the name of the fact, and its value."""
THE_HUB: Subject = ("site", "_hub")
EVERYTHING: Subject = ("everything",)
DEVICE = "/api/v1/sites/{site}/devices/{device}"


@dataclass(frozen=True)
class Asked:
    """A gateway, and the moment of which it is asked: `None` is now. `retained` are the conditions on the bus now."""

    client: httpx.Client
    as_of: str | None = None
    retained: Mapping[str, bytes] | None = None

    def get(self, path: str, **parameters: Any) -> Any:
        when = {} if self.as_of is None else {"as_of": self.as_of}
        answer = self.client.get(path, params={**when, **parameters})
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def sites(self) -> list[str]:
        return [one["site"] for one in self.get("/api/v1/sites")["sites"]]

    def devices(self) -> list[tuple[str, str]]:
        """Those that are watched."""
        return [(site, one["device"]) for site in self.sites() for one in self.wall(site)["devices"]]

    def wall(self, site: str) -> Any:
        return self.get(f"/api/v1/sites/{site}/devices")
