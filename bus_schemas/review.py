"""Events of people about incidents: reviews of them, and mutes of their alerts."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact, Moment
from bus_schemas.footage import Devices
from bus_schemas.limits import MAX_ITEMS, MAX_TEXT, SNAKE_CASE, AddressedEventId, AddressId, By, Limit, PlainId, Text

ReviewAction = Literal["reviewed", "discarded", "reopened", "commented", "assigned", "undone"]
MAX_MUTED_TYPES = 64


class Review(Fact):
    """What a person says of one or many incidents of a site.

    `reviewed` and `discarded` settle an incident, `reopened` takes that back; who discards says why in `comment`.
    `assigned` without an `assignee` takes it from whoever had it. `undone` takes back all that the event with the id
    `undoes` said of these incidents.
    """

    action: ReviewAction
    incidents: Annotated[tuple[AddressId, ...], Field(min_length=1), Limit(max_length=MAX_ITEMS)]
    by: By
    comment: Text | None = None
    assignee: By | None = None
    undoes: AddressId | None = None


class ReviewEvent(Event):
    id: AddressedEventId
    type: Literal["watchpost.review.v1"] = "watchpost.review.v1"
    data: Review


class Mute(Fact):
    """A time range in which nobody is alerted to incidents of these devices and types, by whom and why.

    Every event says the whole mute as it is from then on. Without `devices` it mutes all of the site, without `types`
    every type of incident. It is over at its `end`, or when it is `ended`.
    """

    mute_id: PlainId
    state: Literal["placed", "ended"]
    reason: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    by: By
    start: Moment
    end: Moment
    devices: Devices = ()
    types: Annotated[tuple[Annotated[str, Field(pattern=SNAKE_CASE)], ...], Limit(max_length=MAX_MUTED_TYPES)] = ()


class MuteEvent(Event):
    type: Literal["watchpost.mute.v1"] = "watchpost.mute.v1"
    data: Mute
