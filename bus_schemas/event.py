"""The envelope of every event: CloudEvents 1.0 in structured JSON mode."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from bus_schemas.limits import Finite, Limit

NAME = r"[A-Za-z0-9_-]{1,64}"
HUB = "_hub"
GATEWAY = "_gateway"
RESERVED = frozenset({HUB, GATEWAY})
"""Names that no device may have: in the place of a device they mean the consumers of the hub, and its gateway."""
HUB_SOURCE = "/hub"
SOURCE = rf"^(/sites/{NAME}/devices/{NAME}|{HUB_SOURCE})$"
MAX_SEQUENCE = 2**63 - 1
MAX_EPOCH = 64

_SOURCE = re.compile(rf"/sites/({NAME})/devices/({NAME})")


def iso(moment: datetime) -> str:
    """Write a moment as UTC with milliseconds and Z, the one form in which times leave the system."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Name = Annotated[str, Field(pattern=rf"^{NAME}$")]
PlaceName = Annotated[str, Limit(pattern=rf"^{NAME}$", words="Letters, digits, `_` and `-`, at most 64.")]
"""A `Name` of which the schemas that were published first said only that it is a text."""
# Within these every moment can be written in UTC, in any zone, and as whole microseconds or nanoseconds in 64 bits.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
AFTER_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[
    AwareDatetime, Field(ge=EARLIEST, lt=AFTER_LATEST), PlainSerializer(iso, when_used="json", return_type=str)
]
MediaKey = Annotated[str, Field(pattern=rf"^{NAME}/{NAME}/[a-z]{{1,32}}/[A-Za-z0-9_-]{{1,128}}$")]
Share = Annotated[float, Field(ge=0, le=1), Finite]
Box = tuple[Share, Share, Share, Share]
"""x, y, width, height as shares of the picture, origin at the top left."""


class Fact(BaseModel):
    """The data of an event. Unknown keys are ignored, so that a newer producer is not refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(BaseModel):
    """A fact that happened, with an id, a time and a place in one stream.

    A stream is one (`source`, `epoch`); `sequence` counts 1, 2, 3 … in it. A device without an outbox
    leaves both out, and the journal orders it by arrival.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(min_length=1, max_length=128)]
    source: Annotated[str, Field(pattern=SOURCE)]
    type: str
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    epoch: Annotated[str, Field(min_length=1, max_length=MAX_EPOCH)] | None = None
    sequence: Annotated[int, Field(ge=1, le=MAX_SEQUENCE)] | None = None


def device_source(site: str, device: str) -> str:
    return f"/sites/{site}/devices/{device}"


def place(source: str) -> tuple[str, str]:
    """Site and device of a source; the hub's own source is the device `_hub` of the site `_hub`.

    Raises `ValueError` where the source is neither.
    """
    if source == HUB_SOURCE:
        return HUB, HUB
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise ValueError(f"{source!r} is not a source: it reads /sites/SITE/devices/DEVICE")
    return found[1], found[2]
