"""Media by key, and the newest picture of a camera."""

from dataclasses import dataclass
from datetime import datetime

from gateway.calls import Operation
from gateway.context import Gateway


@dataclass(frozen=True, slots=True)
class Capture:
    key: str
    time: datetime
    body: bytes


async def newest_capture(gateway: Gateway, site: str, device: str) -> Capture | None:
    return None


OPERATIONS: list[Operation] = []
