"""Says in a sentence why there is no recording of a time range: nothing was recorded, or it was deleted since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from consumers.views.recordings.holes import dropped
from gateway.reading.stores import Stores

VIEW: Final = "recordings"
MOST_RULES: Final = 3


def absence(stores: Stores, site: str, devices: Sequence[str], start: datetime, end: datetime, otherwise: str) -> str:
    """`otherwise` is the sentence where no rule deleted anything of that time."""
    view, span = stores.view(VIEW), (start.timestamp(), end.timestamp())
    rules = {one.data["rule"]: None for device in devices for one in dropped(view, (site, device), *span)}
    if not rules:
        return otherwise
    named = "; ".join([*rules][:MOST_RULES])
    return f"nothing of {', '.join(devices)} is left of then: recordings of that time were deleted ({named})"
