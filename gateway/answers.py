"""What answers are made of: values as JSON has them, and the parts that several families share."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer

from bus_schemas.event import iso

Time = Annotated[datetime, PlainSerializer(iso, return_type=str)]
"""UTC with milliseconds and Z."""


class Answer(BaseModel):
    """Made of values that are right already: they come from our own stores."""

    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True)


class RecordedEvent(Answer):
    """An event at its place in the journal; `event` is a CloudEvent."""

    position: int
    received: Time
    event: dict[str, Any]
