"""Events of the registry: sites and devices, their names and expectations, and the rules in force."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bus_schemas.complaints import check_readable
from bus_schemas.event import Event, Fact, Moment, Name
from bus_schemas.limits import MAX_COUNT, SNAKE_CASE, By, Count, Duration, Finite, RequestId

Expectation = Literal["frames", "readings", "heartbeat", "nothing"]
Kind = Literal["visual", "thermal"]
Origin = Literal["configuration", "page", "command_line"]
"""Who set something: the file `watchpost.yaml`, somebody by the page or the HTTP API, or a command."""

MAX_TITLE = 128


def _readable(title: str) -> str:
    return check_readable(title).strip()


Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE, pattern=r"\S")]
DisplayName = Annotated[str, Field(min_length=1, max_length=MAX_TITLE), AfterValidator(_readable)]
"""A title as the configuration, the page and the command line take it, without the blanks around it."""
ZoneName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]


class Repeated(Fact):
    """Where something was said first: position and time of that event, and the position at which the site or device
    was registered.

    The hub begins each day of its journal with what stands, so that no day depends on those before it.
    """

    position: Count
    time: Moment
    registered: Count


class Change(Fact):
    """Who set something, and how it is found again."""

    origin: Origin
    by: By
    request_id: RequestId | None = None
    repeats: Repeated | None = None


class RegistryChange(Change):
    """Values that are set of a site, or of one of its devices. A field that is not named stays as it was.

    `expects` says what a device is meant to send, and `silent_after_s` after how many seconds of silence that is an
    incident; 0 is as the rules have it, and never where nothing is expected. What is retired is watched no more, and
    keeps its history. Only a site has a time zone, and only a device has `kinds`, `expects` and `silent_after_s`.
    """

    site: Name
    device: Name | None = None
    name: Title | None = None
    time_zone: ZoneName | None = None
    kinds: Annotated[tuple[Kind, ...], Field(max_length=16)] | None = None
    expects: Expectation | None = None
    silent_after_s: Duration | None = None
    retired: bool | None = None


class RegistryEvent(Event):
    type: Literal["watchpost.registry.v1"] = "watchpost.registry.v1"
    data: RegistryChange


class RuleValue(Fact):
    name: Annotated[str, Field(pattern=SNAKE_CASE)]
    value: Annotated[float, Field(ge=-MAX_COUNT, le=MAX_COUNT), Finite]


class RulesChange(Change):
    """Rules of alerts that are in force from here on, by their names in the configuration; the others stay."""

    rules: Annotated[tuple[RuleValue, ...], Field(max_length=100)]


class RulesEvent(Event):
    type: Literal["watchpost.rules.v1"] = "watchpost.rules.v1"
    data: RulesChange
