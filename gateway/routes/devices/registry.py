"""Routes that add, rename, retire and restore sites and devices: each change is an event of the registry."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bus_schemas.event import GATEWAY, RESERVED, device_source
from bus_schemas.limits import LONGEST_S
from bus_schemas.registry import DisplayName, Expectation, Kind, RegistryChange, RegistryEvent, ZoneName
from consumers.alerting.rules import HEARTBEATS_S
from consumers.engine.view_files import NoView
from consumers.site_registry import Registered
from consumers.views import registry
from consumers.views.registry import FieldAnswer
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import Name, Nothing, OfDevice, OfSite, Person
from gateway.http.problems import RETRY, Problem
from gateway.messages.ids import uuid7
from gateway.publishing import SEEN_S, publish
from gateway.reading.other_places import OtherPlace, other_zones
from gateway.reading.stores import Stores
from gateway.reading.wait_until import until
from gateway.routes.devices.commands import NOBODY
from gateway.routes.lookup import require_device, require_site
from producer.times import zone_named

SITES = "/api/v1/sites"
SITE = f"{SITES}/{{site}}"
DEVICES = f"{SITE}/devices"
DEVICE = f"{DEVICES}/{{device}}"


def _known_zone(name: str) -> str:
    zone_named(name)
    return name


def _not_reserved(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"'{name}' is the hub's own name")
    return name


KnownZone = Annotated[ZoneName, AfterValidator(_known_zone)]
Id = Annotated[Name, AfterValidator(_not_reserved)]


class RegistryRequest(BaseModel):
    """Unknown keys are refused: what is misspelt must not look as if it had been set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Person = Field(default=NOBODY, description="Who asks.")


class SiteChange(RegistryRequest):
    """A field that is not given stays as it is."""

    name: DisplayName | None = Field(default=None, description="What people read.")
    time_zone: KnownZone | None = Field(default=None, description="IANA zone: the days and hours that people see.")
    retired: bool | None = Field(default=None, description="Whether it is watched no more; false brings it back.")


class NewSite(RegistryRequest):
    site: Id = Field(description="Its id, for ever.")
    name: DisplayName | None = Field(default=None, description="What people read; default the id.")
    time_zone: KnownZone = "UTC"


class DeviceChange(RegistryRequest):
    """A field that is not given stays as it is."""

    name: DisplayName | None = Field(default=None, description="What people read.")
    kinds: tuple[Kind, ...] | None = Field(default=None, max_length=2)
    expects: Expectation | None = Field(default=None, description="What it is meant to send all the time.")
    silent_after_s: float | None = Field(
        default=None,
        ge=0,
        le=LONGEST_S,
        allow_inf_nan=False,
        description="Seconds of silence that are an incident; 0 is as the rules have it, and never where nothing is "
        f"expected of it. Never before {HEARTBEATS_S:g} of a device that an agent runs.",
    )
    retired: bool | None = Field(default=None, description="Whether it is watched no more; false brings it back.")


class NewDevice(DeviceChange):
    device: Id = Field(description="Its id, for ever: as it publishes.")
    expects: Expectation = Field(default="nothing", description="What it is meant to send all the time.")
    retired: Literal[False] = False


class SaidAnswer(Answer):
    value: Any
    origin: str = Field(description="`configuration`, `page` or `command_line`.")
    by: str
    time: str


class SettingAnswer(Answer):
    name: str
    in_force: SaidAnswer
    configured: SaidAnswer | None = Field(
        description="What the configuration says, where somebody has changed that since; else null."
    )


class OtherZoneAnswer(Answer):
    device: str
    time_zone: str | None = Field(description="By which its hours go; null where only its configuration says it.")


class RegistrationAnswer(Answer):
    site: str
    device: str | None
    name: str
    retired: bool
    settings: list[SettingAnswer] = Field(description="Empty where only its events are known.")
    other_zones: list[OtherZoneAnswer] = Field(
        default=[],
        description="Of a site, the devices whose hours go by another time zone: away, or they have refused it.",
    )


async def read_site(call: Call[OfSite]) -> RegistrationAnswer:
    """The values that are set of a site, and by whom."""
    await require_site(call.gateway, call.parameters.site)
    return await _registration(call.gateway, call.parameters.site, None)


async def read_device(call: Call[OfDevice]) -> RegistrationAnswer:
    """The values that are set of a device, and by whom."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    return await _registration(call.gateway, asked.site, asked.device)


async def add_site(call: Call[Nothing]) -> RegistrationAnswer:
    """Add a site, or one of which only events are known."""
    asked = await call.body(NewSite)
    async with call.gateway.adding:
        known = (await _registered(call.gateway)).site(asked.site)
        if known is not None:
            raise _there_already(f"site {asked.site!r}", is_retired=known.is_retired)
        fields = {"name": asked.name or asked.site, "time_zone": asked.time_zone, "retired": False}
        return await _set(call.gateway, (asked.site, None), fields, asked.by)


async def change_site(call: Call[OfSite]) -> RegistrationAnswer:
    """Rename a site, set its time zone, retire it or bring it back."""
    site, asked = call.parameters.site, await call.body(SiteChange)
    await require_site(call.gateway, site)
    return await _set(call.gateway, (site, None), _given(asked), asked.by)


async def retire_site(call: Call[OfSite]) -> RegistrationAnswer:
    """Watch a site no more. What is open of it is closed, and its history is kept."""
    site = call.parameters.site
    await require_site(call.gateway, site)
    return await _set(call.gateway, (site, None), {"retired": True}, NOBODY)


async def add_device(call: Call[OfSite]) -> RegistrationAnswer:
    """Add a device, or one of which only events are known: a foreign device, by default expected to send nothing."""
    site, asked = call.parameters.site, await call.body(NewDevice)
    await require_site(call.gateway, site)
    async with call.gateway.adding:
        registered = await _registered(call.gateway)
        _require_watched(registered, site)
        known = registered.device(site, asked.device)
        if known is not None:
            raise _there_already(f"device {asked.device!r} in site {site!r}", is_retired=known.is_retired)
        fields = {"name": asked.device, **_given(asked), "retired": False}
        del fields["device"]
        return await _set(call.gateway, (site, asked.device), fields, asked.by)


async def change_device(call: Call[OfDevice]) -> RegistrationAnswer:
    """Rename a device, say what it is expected to send, retire it or bring it back."""
    where, asked = call.parameters, await call.body(DeviceChange)
    await require_device(call.gateway, where.site, where.device)
    if asked.retired is False:
        _require_watched(await _registered(call.gateway), where.site)
    return await _set(call.gateway, (where.site, where.device), _given(asked), asked.by)


async def retire_device(call: Call[OfDevice]) -> RegistrationAnswer:
    """Watch a device no more. What is open of it is closed, and its history is kept."""
    where = call.parameters
    await require_device(call.gateway, where.site, where.device)
    return await _set(call.gateway, (where.site, where.device), {"retired": True}, NOBODY)


def _given(asked: RegistryRequest) -> dict[str, Any]:
    return asked.model_dump(exclude_none=True, exclude={"by"})


def _require_watched(registered: Registered, site: str) -> None:
    """Raises a 409: a device of a site that is watched no more is not watched either, so it would not be there."""
    if registered.is_site_retired(site):
        raise Problem(409, f"the site {site!r} is retired, with its devices: PATCH it with retired false first")


def _there_already(what: str, *, is_retired: bool) -> Problem:
    hint = "it is retired: PATCH it with retired false to bring it back" if is_retired else "PATCH it to change it"
    return Problem(409, f"there is a {what} already; {hint}")


async def _registered(gateway: Gateway) -> Registered:
    return await gateway.ask(lambda stores: stores.registered())


async def _set(gateway: Gateway, where: tuple[str, str | None], fields: dict[str, Any], by: str) -> RegistrationAnswer:
    """Raises a 400 where nothing is to be changed, and a 503 where the change is not in the view in time."""
    site, device = where
    if not fields:
        raise Problem(400, "the body does not fit: it names nothing that is to be changed")
    request_id = uuid7()
    said = {"site": site, "device": device, "origin": "page", "by": by, "request_id": request_id}
    data = RegistryChange.model_validate({**said, **fields})
    event = RegistryEvent(id=request_id, source=device_source(site, GATEWAY), time=gateway.clock(), data=data)
    await publish(gateway, event)

    async def seen() -> int | None:
        return await gateway.ask(partial(_position, request_id=request_id))

    if await until(seen, SEEN_S) is None:
        raise Problem(503, "the change was sent, and is not in the registry yet", headers=RETRY)
    return await _registration(gateway, site, device)


def _position(stores: Stores, request_id: str) -> int | None:
    return registry.change_position(stores.view(registry.RegistryProjection.name), request_id)


async def _registration(gateway: Gateway, site: str, device: str | None) -> RegistrationAnswer:
    def question(stores: Stores) -> tuple[Registered, list[FieldAnswer], list[OtherPlace]]:
        fields = registry.fields(stores.view(registry.RegistryProjection.name), site, device or "")
        return stores.registered(), fields, [] if device else _other_zones(stores, site)

    registered, fields, others = await gateway.ask(question)
    return RegistrationAnswer(
        site=site,
        device=device,
        name=registered.name(site, device) if device else registered.site_name(site),
        retired=registered.is_retired(site, device or ""),
        settings=[SettingAnswer.model_validate(one) for one in fields],
        other_zones=[OtherZoneAnswer(device=one.device, time_zone=one.goes_by.time_zone) for one in others],
    )


def _other_zones(stores: Stores, site: str) -> list[OtherPlace]:
    try:
        return [one for one in other_zones(stores) if one.site == site]
    except NoView:
        return []


OPERATIONS = [
    Operation("POST", SITES, add_site, RegistrationAnswer, body=NewSite, status=201, also=(409,)),
    Operation("PATCH", SITE, change_site, RegistrationAnswer, OfSite, body=SiteChange),
    Operation("DELETE", SITE, retire_site, RegistrationAnswer, OfSite),
    Operation("GET", f"{SITE}/registration", read_site, RegistrationAnswer, OfSite),
    Operation("POST", DEVICES, add_device, RegistrationAnswer, OfSite, body=NewDevice, status=201, also=(409,)),
    Operation("PATCH", DEVICE, change_device, RegistrationAnswer, OfDevice, body=DeviceChange, also=(409,)),
    Operation("DELETE", DEVICE, retire_device, RegistrationAnswer, OfDevice),
    Operation("GET", f"{DEVICE}/registration", read_device, RegistrationAnswer, OfDevice),
]
