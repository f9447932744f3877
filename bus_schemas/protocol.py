"""Messages of the bus that are not events: watermarks, claims, commands, and reports of the hub.

They describe the present moment, so none of them enters the journal. Unknown keys are ignored, as in events.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bus_schemas.condition import Condition
from bus_schemas.event import MAX_EPOCH, MAX_SEQUENCE, Moment, Name, iso
from bus_schemas.hub import MAX_FAULTS, OpenFault
from bus_schemas.limits import MAX_COUNT, REQUEST_ID, SHA256, Limit, Word
from bus_schemas.node import Command

LiveKind = Literal["visual", "thermal", "fusion", "motion"]
"""Which preview of a device: picture, temperatures, the one over the other, or what its motion detector sees."""

VIDEO = "video"
"""The live video of a device: fragmented MP4, beside the previews."""
MOTION = "motion"
"""The preview that is sent, like live video, only to who asks for it. The others are also sent to who only subscribes,
which a device finds out within some seconds.
"""
WATCH = "watch"
"""The command that asks for live video, or for the preview that the argument `kind` names. It has no answer, and is
given again while somebody watches.
"""
WATCH_LEASE_S = 10.0
"""For how long a device sends what is watched after such a command."""
FROM_KEYFRAME = "from_keyframe"
"""The argument, true or absent, with which live video begins once more at the last keyframe: for a viewer who comes, or
who lost a message. Without it a device that sends already goes on, and a camera may send a keyframe a minute only.
"""

MAX_SOURCE = 200
NOBODY = "unknown"

REPORT_AGAIN_S = 30.0
REPORT_EXPIRES_S = 90
"""The broker drops a report so long after it was published last: whoever publishes it is gone."""

INGEST_RUNNING = "running"
INGEST_STOPPED = "stopped"

_Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
_Position = Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]
_Text = Annotated[str, Field(max_length=256)]


class Message(BaseModel):
    """A message of the bus other than an event."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_bytes(self) -> bytes:
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


class Watermark(Message):
    """Ingest holds everything of this stream up to and including this sequence; the outbox may forget it.

    `session` is another one each time ingest connects: what the watermark does not cover was lost with the one before.
    """

    source: Annotated[str, Field(max_length=MAX_SOURCE)]
    epoch: Annotated[str, Field(max_length=MAX_EPOCH)]
    sequence: _Position
    session: Annotated[str, Field(max_length=200)] | None = None


class Head(Message):
    """The last position of the journal. Consumers wake up and read."""

    position: _Position


class Claim(Message):
    """What agents say to each other of a device: this life of mine has it, or, not `established`, wants it.

    `asks` wants an answer of any other agent that has it. Of two agents the established one stays, else the older one.
    """

    instance: Annotated[str, Field(min_length=1, max_length=64)]
    node: _Text
    host: _Text
    pid: _Count
    since: Moment
    established: bool
    asks: bool = False

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """The smaller of two claims stays. It never grows while an agent runs, so never both leave."""
        return not self.established, self.since, self.instance

    def __str__(self) -> str:
        return f"agent {self.node} on {self.host}, process {self.pid}, since {iso(self.since)}"


class CommandRequest(Message):
    """What a device is asked to do; the topic names the command.

    `settings` holds whole sections for the command `settings`; other commands have `arguments`. A request with an id
    that was answered before is answered again, and not carried out again.
    """

    request_id: Annotated[str, Field(min_length=1, max_length=128), Limit(pattern=REQUEST_ID)]
    name: Annotated[str, Field(max_length=64, description="The last word of the topic again.")] | None = None
    by: Annotated[_Text, Field(description="Who asks, for people to read.")] | None = None
    changed_by: Annotated[_Text, Field(description="The same, before `by`.")] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    arguments: dict[str, Any] = Field(default_factory=dict)

    @property
    def person(self) -> str:
        return self.changed_by or self.by or NOBODY


CommandReply = Command
"""The answer on the response topic of a request is the data of the `command` event that everybody gets."""


class IngestStatus(Message):
    """What ingest says of itself every two seconds: counts since its start, rates since the status before.

    `state` is `running`, `stopped`, or a sentence that says why nothing is taken in. `lag_s` is the longest that an
    event waited before it was durable. `journal_id` identifies the journal that it writes.
    """

    time: Moment
    started: Moment
    state: str
    position: _Position
    messages: _Count
    accepted: _Count
    rejected: _Count
    media: _Count
    received_per_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    lag_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    journal_id: Annotated[str, Field(pattern=r"^[0-9a-f]{1,16}$")] | None = None


class ProcessFaults(Message):
    """Every fault that one process of the hub knows of at this moment, none where all is well.

    Ingest compares it with the one before and writes what changed into the journal. `ended` says that the process ends
    because it was stopped. `run` is another one each time that the process is started: one that has just begun does not
    know yet what works.
    """

    process: Name
    time: Moment
    run: Name | None = None
    ended: bool = False
    faults: Annotated[tuple[OpenFault, ...], Field(max_length=MAX_FAULTS)] = ()


class DeviceReport(Message):
    """How a device is, as the hub says: the worst of its open incidents, whose types come the worst first. Of a device
    that nobody could judge yet nothing is said.

    It is retained, and said again when it changes, on every connection to the broker, and every half minute. The broker
    drops it 90 seconds after it was said last: then nobody knows any more. An empty payload takes back what was said of
    a device that is not there any more.
    """

    condition: Condition
    types: Annotated[tuple[Word, ...], Field(max_length=64)] = ()
    since: Annotated[Moment, Field(description="Since when it is so, as far as it is known.")] | None = None
    as_of: Moment


class HubReport(Message):
    """How the hub itself is, its machine and its processes, as `/api/v1/sites` says: the worst of its open incidents
    and of its parts. `problems` are those of `/health`, a sentence each. It is retained, said again and dropped as the
    condition of a device is.
    """

    condition: Condition
    problems: Annotated[tuple[_Text, ...], Field(max_length=MAX_FAULTS)] = ()
    as_of: Moment


_Digits = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
_Decimal = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$")]


class Properties(Message):
    """User properties of any message that carries events or media; all of them may be left out."""

    crc32: (
        Annotated[
            str,
            Field(
                pattern=r"^[0-9a-f]{8}$",
                description="Over the payload, the content type and the other user properties: what was changed on "
                "its way is refused, and sent again.",
            ),
        ]
        | None
    ) = None


class EventProperties(Properties):
    """Properties of events. The content type says how they are packed; `content-encoding` may say it too."""

    content_encoding: Literal["identity", "gzip", "x-gzip"] | None = Field(None, alias="content-encoding")


class MediaProperties(Properties):
    """The attributes of a medium, in CloudEvents binary mode. A device that leaves all of them out gets an id from the
    hash of the bytes, and the time of their arrival.
    """

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    source: Annotated[str, Field(max_length=MAX_SOURCE)] | None = None
    type: Literal["watchpost.media.v1"] = "watchpost.media.v1"
    time: (
        Annotated[str, Field(description="ISO 8601 with a zone.", json_schema_extra={"format": "date-time"})] | None
    ) = None
    epoch: Annotated[str, Field(min_length=1, max_length=MAX_EPOCH)] | None = None
    sequence: _Digits | None = None
    sha256: Annotated[str, Field(pattern=SHA256, description="Of the bytes.")] | None = None
    width: _Digits | None = None
    height: _Digits | None = None
    duration: Annotated[_Decimal, Field(description="Seconds.")] | None = None


MESSAGES: tuple[type[Message], ...] = (
    Watermark, Head, Claim, CommandRequest, IngestStatus, ProcessFaults, DeviceReport, HubReport,
)  # fmt: skip
"""Every payload other than an event. The answer to a command has the form of `CommandReply`."""
PROPERTIES: tuple[type[Message], ...] = (EventProperties, MediaProperties)
