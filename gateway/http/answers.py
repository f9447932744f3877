"""What answers are made of: values as JSON has them, and the parts that several families share."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import from_json

from bus_schemas.event import iso
from consumers.store.journal.ahead import said_ahead_s
from consumers.store.journal.answers import Stored

Time = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""UTC with milliseconds and Z."""


class Answer(BaseModel):
    """Made of values that are right already: they come from our own stores."""

    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True)


class RecordedEvent(Answer):
    """An event at its place in the journal; `event` is a CloudEvent."""

    position: int
    received: Time
    event: dict[str, Any]
    ahead_s: float | None = Field(
        default=None, description="By how much its clock was wrong: it is filed under its arrival, not under its time."
    )

    @classmethod
    def of(cls, stored: Stored) -> "RecordedEvent":
        return cls(
            position=stored.position,
            received=stored.received,
            event=from_json(stored.body),
            ahead_s=said_ahead_s(stored.body, stored.received) or None,
        )
