"""What many routes ask first: is there such a site or device, and what does it look like now."""

from dataclasses import dataclass
from datetime import datetime

from gateway.context import Gateway
from gateway.problems import Problem


@dataclass(frozen=True, slots=True)
class Capture:
    key: str
    time: datetime
    body: bytes


async def require_device(gateway: Gateway, site: str, device: str) -> None:
    """Raises a 404 for a device that is neither configured nor known from its events."""
    if gateway.registry.device(site, device) is None:
        raise Problem(404, f"there is no device {device!r} in site {site!r}")


async def newest_capture(gateway: Gateway, site: str, device: str) -> Capture | None:
    return None
