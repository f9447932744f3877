"""The base classes of answers, and the answers that several families of routes share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, PlainSerializer, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, from_json

from bus_schemas.event import Event, iso
from consumers.store.journal.query_types import StoredEvent
from consumers.store.journal.stored_time import said_ahead_s

Time = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""UTC with milliseconds and Z."""


@dataclass(frozen=True, slots=True)
class SchemaOf:
    """Describes values as those of a model, without checking them again: they come from our own stores."""

    model: type[BaseModel]

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


def published_name(name: str) -> str:
    """The name of a class in the OpenAPI document: `AlertAnswer` is published as `Alert`."""
    return name.removesuffix("Answer") or name


class Answer(BaseModel):
    """Made of values that are right already: they come from our own stores. What has a default is always there."""

    model_config = ConfigDict(
        frozen=True,
        from_attributes=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
        model_title_generator=lambda model: published_name(model.__name__),
    )


class CloudEvent(Event):
    """An event as it was sent, of any type; the JSON Schemas of the contract say what its data hold."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    data: dict[str, Any]


def _may_be_absent(schema: dict[str, Any]) -> None:
    del schema["default"]


class RecordedEvent(Answer):
    """An event at its place in the journal; `event` is a CloudEvent."""

    # The log is answered as it was written, where what does not apply is left out.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    position: int
    received: Time
    event: Annotated[dict[str, Any], SchemaOf(CloudEvent)]
    ahead_s: float | None = Field(
        default=None,
        json_schema_extra=_may_be_absent,
        description="By how much its clock was wrong, below 0 where nobody had set it: it is filed under its arrival,"
        " not under its time.",
    )

    @classmethod
    def of(cls, stored: StoredEvent) -> "RecordedEvent":
        return cls(
            position=stored.position,
            received=stored.received,
            event=from_json(stored.body),
            ahead_s=said_ahead_s(stored.body, stored.received) or None,
        )
