"""Routes of device settings: read from settings events, changed by a command to the device."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from bus_schemas.motion_settings import EventClassRule
from bus_schemas.roi_sets import ROI_SETS
from bus_schemas.setting_types import Section
from bus_schemas.settings import (
    AdjustableSettings,
    FusionSettings,
    MotionSettings,
    NightSettings,
    PictureSettings,
    PlaceSettings,
    RecordingSettings,
    ReportedSections,
    Roi,
    Rois,
    SettingsChange,
    SnapshotSettings,
    ThermographySettings,
    Zone,
    Zones,
    read_sections,
)
from consumers.engine.view_files import NoView
from consumers.views import settings
from gateway.calls import Call, Operation, json_response
from gateway.context import Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import DeviceAsOf, Nothing, OfDevice, Position
from gateway.http.problems import Problem
from gateway.messages.commands import SETTINGS, DeviceCommand
from gateway.reading.moments import StoresAsOf
from gateway.reading.stores import Stores
from gateway.reading.wait_until import until
from gateway.routes.devices.commands import NOBODY, ask
from gateway.routes.lookup import require_device

VIEW_S = 1.0
OF_SITE = "the body does not fit: place: a device goes by the time zone of its site"
DEVICE = "/api/v1/sites/{site}/devices/{device}"


class RoisChange(Section):
    rois: Rois


class ZonesChange(Section):
    zones: Zones


class RoisAnswer(Answer):
    rois: list[Roi]
    message: str | None = Field(default=None, description="What was changed, or why it does not hold yet.")


class ZonesAnswer(Answer):
    zones: list[Zone]
    message: str | None = None


class RoiSetsAnswer(Answer):
    sets: dict[str, list[Roi]] = Field(description="By the name that the configuration gives as `roi_set`.")


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
    """All sections of the device; a foreign device may have more than these."""

    model_config = ConfigDict(extra="allow")

    rois: list[Roi]
    zones: list[Zone]
    motion: MotionSettings
    event_classes: list[EventClassRule]
    picture: PictureSettings
    thermography: ThermographySettings
    recording: RecordingSettings
    night: NightSettings
    snapshots: SnapshotSettings
    fusion: FusionSettings
    place: PlaceSettings = Field(description="What the hub says of its site; PATCH the site to change it.")
    reported: list[str] = Field(description="The sections that the device reported; the others are the defaults.")
    set_aside: dict[str, str] = Field(
        description="Sections that the device reported wrongly, and what is wrong; here they are the defaults."
    )
    message: str | None = Field(default=None, description="After a change: why it does not hold yet.")


@dataclass(frozen=True, slots=True)
class Changed:
    """The outcome of a change; `pending` says why it does not hold yet."""

    reported: ReportedSections
    pending: str | None

    @property
    def status(self) -> int:
        return 200 if self.pending is None else 202

    def message(self, done: str, what: str) -> str:
        return f"Updated {done}" if self.pending is None else f"Sent {what}; {self.pending}"


async def read_all(call: Call[DeviceAsOf]) -> SettingsAnswer:
    """Every section, as the device reported it last; the defaults where it never did, or reported what does not fit."""
    return _answer(await _reported(call.gateway, call.parameters, call.parameters.as_of))


async def read_rois(call: Call[DeviceAsOf]) -> RoisAnswer:
    """The regions of a thermal frame that are measured."""
    reported = await _reported(call.gateway, call.parameters, call.parameters.as_of)
    return RoisAnswer(rois=list(_current(reported).measured_rois))


async def read_zones(call: Call[DeviceAsOf]) -> ZonesAnswer:
    """The polygons of the picture that have rules of their own."""
    reported = await _reported(call.gateway, call.parameters, call.parameters.as_of)
    return ZonesAnswer(zones=list(_current(reported).zones))


async def read_roi_sets(_: Call[Nothing]) -> RoiSetsAnswer:
    """Regions for known types of transformer, to begin with."""
    return RoiSetsAnswer(sets={name: list(rois) for name, rois in ROI_SETS.items()})


async def read_changes(call: Call[Browsing]) -> ChangesAnswer:
    """The changes of sections and their authors, newest first."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device, asked.as_of)

    def question(moment: StoresAsOf) -> list[settings.RecordedChange]:
        try:
            view = moment.view(settings.SettingsProjection)
        except NoView:
            return []
        return settings.changes(view, asked.site, asked.device, asked.limit, before=asked.before, upto=moment.upto)

    found = await gateway.ask_at(asked.as_of, question)
    return ChangesAnswer(changes=[ChangeAnswer(**asdict(one)) for one in found])


async def change(call: Call[OfDevice]) -> Response:
    """Replace sections: 200 once they hold and can be read, 202 while that is on its way, 409 where it refused."""
    wanted = await call.body(SettingsChange)
    if "place" in wanted.model_fields_set:
        raise Problem(400, f"{OF_SITE}: PATCH /api/v1/sites/{call.parameters.site} with it")
    changed = await _set(call, wanted)
    before = await _reported(call.gateway, call.parameters)
    answer = _answer(
        ReportedSections(
            {**before.known, **changed.reported.known}, {**before.other, **changed.reported.other}, before.set_aside
        )
    )
    return json_response(answer.model_copy(update={"message": changed.pending}), changed.status)


async def change_rois(call: Call[OfDevice]) -> Response:
    """Replace all regions, or none where one of them is not valid."""
    wanted = (await call.body(RoisChange)).rois
    changed = await _set(call, SettingsChange(rois=wanted))
    rois = _current(changed.reported).measured_rois
    what = f"{len(wanted)} ROIs"
    return json_response(RoisAnswer(rois=list(rois), message=changed.message(what, what)), changed.status)


async def change_zones(call: Call[OfDevice]) -> Response:
    """Replace all zones, or none where one of them is not valid."""
    wanted = (await call.body(ZonesChange)).zones
    changed = await _set(call, SettingsChange(zones=wanted))
    what = f"{len(wanted)} zones"
    zones = _current(changed.reported).zones
    return json_response(ZonesAnswer(zones=list(zones), message=changed.message(what, what)), changed.status)


def _current(reported: ReportedSections) -> AdjustableSettings:
    return reported.applied_to(AdjustableSettings())


def _answer(reported: ReportedSections) -> SettingsAnswer:
    current = _current(reported)
    sections = {**dict(current), "rois": current.measured_rois}
    other = {name: value for name, value in reported.other.items() if name not in SettingsAnswer.model_fields}
    names = sorted({*reported.known, *reported.other, *reported.set_aside})
    return SettingsAnswer(**sections, reported=names, set_aside=reported.set_aside, **other)


async def _reported(gateway: Gateway, asked: OfDevice, as_of: datetime | None = None) -> ReportedSections:
    await require_device(gateway, asked.site, asked.device, as_of)

    def question(moment: StoresAsOf) -> dict[str, Any]:
        try:
            return settings.settings(moment.view(settings.SettingsProjection), asked.site, asked.device, moment.upto)
        except NoView:
            return {}

    return read_sections(await gateway.ask_at(as_of, question))


async def _set(call: Call[OfDevice], wanted: SettingsChange) -> Changed:
    """Ask the device, and wait until what it did can be read here."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    outcome = await ask(gateway, DeviceCommand(asked.site, asked.device, SETTINGS, wanted.request(), NOBODY))
    as_sent = read_sections(wanted.sections())
    if outcome.state != "done":
        return Changed(as_sent, "the device has not answered yet")
    sections = await until(partial(_change, gateway, outcome.request_id), VIEW_S) or outcome.settings
    if sections is None:
        return Changed(as_sent, "the device has taken them, and its event is on the way")
    said = read_sections(sections)
    return Changed(ReportedSections({**as_sent.known, **said.known}, said.other, said.set_aside), None)


async def _change(gateway: Gateway, request_id: str) -> dict[str, Any] | None:
    """The report of the device on this request, once its event is in the view."""

    def question(stores: Stores) -> dict[str, Any] | None:
        try:
            change = settings.change_of(stores.view("settings"), request_id)
        except NoView:
            return None
        return change.settings if change is not None else None

    return await gateway.ask(question)


OPERATIONS = [
    Operation("GET", f"{DEVICE}/settings", read_all, SettingsAnswer, DeviceAsOf),
    Operation("PUT", f"{DEVICE}/settings", change, SettingsAnswer, OfDevice, body=SettingsChange, also=(202, 409)),
    Operation("GET", f"{DEVICE}/settings/changes", read_changes, ChangesAnswer, Browsing),
    Operation("GET", f"{DEVICE}/rois", read_rois, RoisAnswer, DeviceAsOf),
    Operation("PUT", f"{DEVICE}/rois", change_rois, RoisAnswer, OfDevice, body=RoisChange, also=(202, 409)),
    Operation("GET", f"{DEVICE}/zones", read_zones, ZonesAnswer, DeviceAsOf),
    Operation("PUT", f"{DEVICE}/zones", change_zones, ZonesAnswer, OfDevice, body=ZonesChange, also=(202, 409)),
    Operation("GET", "/api/v1/roi-sets", read_roi_sets, RoiSetsAnswer),
]
