"""What people set of a device while it runs: read from its settings events, changed by asking it to."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from consumers.engine.view_files import NoView
from consumers.views import settings
from gateway.calls import Call, Operation, json_response
from gateway.context import Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import DeviceAsOf, OfDevice, Position
from gateway.messages.commands import SETTINGS, Request
from gateway.messages.wishes import UNTOLD, Motion, Picture, Rois, RoiWish, Wishes, Zone, Zones, understood
from gateway.reading.moments import Moment
from gateway.reading.stores import Stores
from gateway.reading.waiting import until
from gateway.routes.devices.commands import NOBODY, ask
from gateway.routes.lookup import require_device

TOLD_SECONDS = 1.0
DEVICE = "/api/v1/sites/{site}/devices/{device}"


class RoisAnswer(Answer):
    rois: list[RoiWish]
    message: str | None = Field(default=None, description="What was changed, or that the device has not answered yet.")


class ZonesAnswer(Answer):
    zones: list[Zone]
    message: str | None = None


class ChangeAnswer(Answer):
    position: int
    time: str
    by: str
    request_id: str | None
    settings: dict[str, Any] = Field(description="The sections of this change alone.")


class ChangesAnswer(Answer):
    changes: list[ChangeAnswer]


class Browsing(DeviceAsOf):
    before: Position | None = Field(default=None, description="The position of the last change of the page before.")
    limit: int = Field(default=50, ge=1, le=500)


class SettingsAnswer(BaseModel):
    """All sections of the device; there may be more than these."""

    model_config = ConfigDict(extra="allow")

    rois: list[RoiWish]
    zones: list[Zone]
    motion: Motion
    picture: Picture


async def read_all(call: Call[DeviceAsOf]) -> SettingsAnswer:
    """Every section, as the device told it last; the defaults where it never did, or told what is none."""
    return SettingsAnswer(**await _told(call.gateway, call.parameters, call.parameters.as_of))


async def read_rois(call: Call[DeviceAsOf]) -> RoisAnswer:
    """The regions of a thermal frame that are measured."""
    return RoisAnswer(rois=(await _told(call.gateway, call.parameters, call.parameters.as_of))["rois"])


async def read_zones(call: Call[DeviceAsOf]) -> ZonesAnswer:
    """The polygons of the picture that have rules of their own."""
    return ZonesAnswer(zones=(await _told(call.gateway, call.parameters, call.parameters.as_of))["zones"])


async def read_changes(call: Call[Browsing]) -> ChangesAnswer:
    """Who changed which sections, newest first."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device, asked.as_of)

    def question(moment: Moment) -> list[settings.Change]:
        try:
            view = moment.view(settings.Settings)
        except NoView:
            return []
        return settings.changes(view, asked.site, asked.device, asked.limit, before=asked.before, upto=moment.upto)

    found = await gateway.ask_at(asked.as_of, question)
    return ChangesAnswer(changes=[ChangeAnswer(**asdict(one)) for one in found])


async def change(call: Call[OfDevice]) -> Response:
    """Replace sections: 200 once the device has confirmed it, 202 while it has not answered, 409 where it refused."""
    confirmed, told = await _set(call, (await call.body(Wishes)).sections())
    return json_response(
        SettingsAnswer(**{**await _told(call.gateway, call.parameters), **told}), _status(confirmed=confirmed)
    )


async def change_rois(call: Call[OfDevice]) -> Response:
    """Replace all regions, or none where one of them is not valid."""
    wish = await call.body(Rois)
    confirmed, told = await _set(call, wish.model_dump(mode="json"))
    message = _message(len(wish.rois), "ROIs", confirmed=confirmed)
    return json_response(RoisAnswer(rois=told["rois"], message=message), _status(confirmed=confirmed))


async def change_zones(call: Call[OfDevice]) -> Response:
    """Replace all zones, or none where one of them is not valid."""
    wish = await call.body(Zones)
    confirmed, told = await _set(call, wish.model_dump(mode="json"))
    message = _message(len(wish.zones), "zones", confirmed=confirmed)
    return json_response(ZonesAnswer(zones=told["zones"], message=message), _status(confirmed=confirmed))


def _status(*, confirmed: bool) -> int:
    return 200 if confirmed else 202


def _message(count: int, what: str, *, confirmed: bool) -> str:
    return f"Updated {count} {what}" if confirmed else f"Sent {count} {what}; the device has not answered yet"


async def _told(gateway: Gateway, asked: OfDevice, as_of: datetime | None = None) -> dict[str, Any]:
    await require_device(gateway, asked.site, asked.device, as_of)

    def question(moment: Moment) -> dict[str, Any]:
        try:
            return settings.settings(moment.view(settings.Settings), asked.site, asked.device, moment.upto)
        except NoView:
            return {}

    return {**UNTOLD, **understood(await gateway.ask_at(as_of, question))}


async def _set(call: Call[OfDevice], sections: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether the device confirmed it, and the sections as it told them, or as they were sent."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    outcome = await ask(gateway, Request(asked.site, asked.device, SETTINGS, sections, NOBODY))
    if outcome.state != "done":
        return False, sections
    told = outcome.settings or await until(partial(_change, gateway, outcome.request_id), TOLD_SECONDS) or {}
    told = understood(told)
    return True, {name: told.get(name, value) for name, value in sections.items()}


async def _change(gateway: Gateway, request_id: str) -> dict[str, Any] | None:
    """What the device told of this request, once its event is in the view."""

    def question(stores: Stores) -> dict[str, Any] | None:
        try:
            change = settings.change_of(stores.view("settings"), request_id)
        except NoView:
            return None
        return change.settings if change is not None else None

    return await gateway.ask(question)


OPERATIONS = [
    Operation("GET", f"{DEVICE}/settings", read_all, SettingsAnswer, DeviceAsOf),
    Operation("PUT", f"{DEVICE}/settings", change, SettingsAnswer, OfDevice, body=Wishes, also=(202, 409)),
    Operation("GET", f"{DEVICE}/settings/changes", read_changes, ChangesAnswer, Browsing),
    Operation("GET", f"{DEVICE}/rois", read_rois, RoisAnswer, DeviceAsOf),
    Operation("PUT", f"{DEVICE}/rois", change_rois, RoisAnswer, OfDevice, body=Rois, also=(202, 409)),
    Operation("GET", f"{DEVICE}/zones", read_zones, ZonesAnswer, DeviceAsOf),
    Operation("PUT", f"{DEVICE}/zones", change_zones, ZonesAnswer, OfDevice, body=Zones, also=(202, 409)),
]
