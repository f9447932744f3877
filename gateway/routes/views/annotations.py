"""Routes of annotations: notes on moments and time ranges, made, changed, removed, restored and searched."""

from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from bus_schemas.alert import Annotation as AnnotationFact
from bus_schemas.alert import AnnotationEvent, Colour
from bus_schemas.event import GATEWAY, device_source, iso
from bus_schemas.limits import MAX_DEVICES
from consumers.views.annotations import (
    DEFAULT_COLOUR,
    AnnotationQuery,
    AnnotationRow,
    AnnotationsProjection,
    annotation,
    annotations,
    last_position,
)
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Instant, Key, Name, Parameters, PersonText, SignedBody, TimeRangeParameters
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import ViewEntry, publish_change
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_devices
from producer.times import moment_of_seconds


class AnnotationAnswer(Answer):
    id: str
    site: str
    devices: list[str] = Field(description="Empty where it is about all of the site.")
    start: Time
    end: Time = Field(description="That of `start` where it is about a moment.")
    text: str
    colour: str
    by: str
    created: Time
    changed_by: str | None
    changed: Time | None
    removed: bool


class AnnotationsAnswer(Answer):
    annotations: list[AnnotationAnswer]


class AnnotationSearch(TimeRangeParameters, Parameters):
    """`from` and `to` bound what a note overlaps; by default all."""

    site: Name | None = None
    device: Name | None = None
    text: str | None = Field(
        default=None, min_length=1, max_length=200, description="What the note holds, in any case of letters."
    )
    after: Key | None = Field(default=None, description="The id of the last note of the page before.")
    limit: int = Field(default=100, ge=1, le=1000)


class OfAnnotation(Parameters):
    id: Key


class NewAnnotation(SignedBody):
    site: Name
    devices: tuple[Name, ...] = Field(default=(), max_length=MAX_DEVICES)
    start: Instant
    end: Instant | None = None
    text: PersonText
    colour: Colour = DEFAULT_COLOUR

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.end is not None and self.end < self.start:
            raise ValueError("end must not be before start")
        return self


class AnnotationChange(SignedBody):
    """A field that is not given stays as it is."""

    devices: tuple[Name, ...] | None = Field(default=None, max_length=MAX_DEVICES)
    start: Instant | None = None
    end: Instant | None = None
    text: PersonText | None = None
    colour: Colour | None = None


async def search(call: Call[AnnotationSearch]) -> AnnotationsAnswer:
    """Notes, the newest moment first; those that are removed are left out."""
    asked = call.parameters
    query = AnnotationQuery(
        site=asked.site,
        device=asked.device,
        start=asked.start,
        end=asked.end,
        text=asked.text,
        after=asked.after,
        limit=asked.limit,
    )

    def question(stores: Stores) -> list[AnnotationRow]:
        return annotations(stores.view(AnnotationsProjection.name), query)

    return AnnotationsAnswer(annotations=[_answer(one) for one in await call.gateway.ask(question)])


async def read(call: Call[OfAnnotation]) -> AnnotationAnswer:
    """One note, also one that is removed."""
    return _answer(await _known(call.gateway, call.parameters.id))


async def create(call: Call[Parameters]) -> AnnotationAnswer:
    """Note something about a moment or a time range, of one device, several, or all of a site."""
    body = await call.body(NewAnnotation)
    await require_devices(call.gateway, body.site, body.devices)
    return await _say(call.gateway, body.site, {**body.model_dump(exclude={"site"}), "state": "created"})


async def change(call: Call[OfAnnotation]) -> AnnotationAnswer:
    """Change a note; one that is removed comes back."""
    body = await call.body(AnnotationChange)
    known = await _known(call.gateway, call.parameters.id)
    changed = body.model_dump(exclude_none=True)
    if known.end == known.start and "start" in changed:
        changed.setdefault("end", changed["start"])
    said = {**_said(known), **changed, "state": "changed"}
    if said["end"] < said["start"]:
        raise Problem(400, f"end {iso(said['end'])} must not be before start {iso(said['start'])}")
    await require_devices(call.gateway, known.site, said["devices"])
    return await _say(call.gateway, known.site, said)


async def remove(call: Call[OfAnnotation]) -> AnnotationAnswer:
    """Remove a note; doing it twice changes nothing, and `restore` takes it back."""
    return await _set_removed(call, is_wanted=True)


async def restore(call: Call[OfAnnotation]) -> AnnotationAnswer:
    """Take the removal of a note back."""
    return await _set_removed(call, is_wanted=False)


async def _set_removed(call: Call[OfAnnotation], *, is_wanted: bool) -> AnnotationAnswer:
    body = await call.body(SignedBody)
    known = await _known(call.gateway, call.parameters.id)
    if known.is_removed is is_wanted:
        return _answer(known)
    state = "removed" if is_wanted else "changed"
    return await _say(call.gateway, known.site, {**_said(known), "by": body.by, "state": state})


def _said(known: AnnotationRow) -> dict[str, Any]:
    return {
        "annotation_id": known.annotation_id,
        "devices": known.devices,
        "start": moment_of_seconds(known.start),
        "end": moment_of_seconds(known.end),
        "text": known.text,
        "colour": known.colour,
    }


async def _say(gateway: Gateway, site: str, said: dict[str, Any]) -> AnnotationAnswer:
    event_id = uuid7()
    annotation_id = said.setdefault("annotation_id", event_id)
    devices = said["devices"]
    data = AnnotationFact.model_validate({**said, "device": devices[0] if devices else None})
    event = AnnotationEvent(id=event_id, source=device_source(site, GATEWAY), time=gateway.clock(), data=data)
    entry = ViewEntry(
        AnnotationsProjection.name,
        partial(last_position, annotation_id=annotation_id),
        partial(annotation, annotation_id=annotation_id),
    )
    return _answer(await publish_change(gateway, event, entry, "the note"))


async def _known(gateway: Gateway, annotation_id: str) -> AnnotationRow:
    found = await gateway.ask(lambda stores: annotation(stores.view(AnnotationsProjection.name), annotation_id))
    if found is None:
        raise Problem(404, f"there is no annotation {annotation_id!r}")
    return found


def _answer(one: AnnotationRow) -> AnnotationAnswer:
    return AnnotationAnswer(
        id=one.annotation_id,
        site=one.site,
        devices=list(one.devices),
        start=moment_of_seconds(one.start),
        end=moment_of_seconds(one.end),
        text=one.text,
        colour=one.colour,
        by=one.by,
        created=moment_of_seconds(one.created),
        changed_by=one.changed_by,
        changed=None if one.changed is None else moment_of_seconds(one.changed),
        removed=one.is_removed,
    )


PATH = "/api/v1/annotations"
OPERATIONS = [
    Operation("GET", PATH, search, AnnotationsAnswer, AnnotationSearch),
    Operation("POST", PATH, create, AnnotationAnswer, body=NewAnnotation, status=201),
    Operation("GET", f"{PATH}/{{id}}", read, AnnotationAnswer, OfAnnotation),
    Operation("PATCH", f"{PATH}/{{id}}", change, AnnotationAnswer, OfAnnotation, body=AnnotationChange),
    Operation("POST", f"{PATH}/{{id}}/remove", remove, AnnotationAnswer, OfAnnotation, body=SignedBody),
    Operation("POST", f"{PATH}/{{id}}/restore", restore, AnnotationAnswer, OfAnnotation, body=SignedBody),
]
