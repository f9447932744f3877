"""Routes of thermal pictures at any past moment, and of the radiometric frames of a time range."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field
from starlette.responses import Response

from bus_schemas.event import iso
from bus_schemas.radiometric import RadiometricFrame, decode
from bus_schemas.settings import AdjustableSettings
from consumers.upkeep.exports import radiometric_npy
from consumers.upkeep.exports.cells import plain_text
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.parameters import DeviceTimeRange, Instant, Key, OfDevice, Parameters
from gateway.http.problems import Problem
from gateway.reading import thermal_history
from gateway.reading.settings_history import SettingsHistory, TooManyChanges, settings_between
from gateway.reading.stores import Stores
from gateway.reading.thermal_history import FoundMedium, TooMuch
from gateway.routes.lookup import require_device
from gateway.routes.media.media import HARMLESS
from gateway.serving.ranges import matches
from gateway.serving.thermal_pictures import PictureForm, PictureRequest, ThermalDrawing

DEVICE: Final = "/api/v1/sites/{site}/devices/{device}"
HOUR: Final = timedelta(hours=1)
COLUMNS: Final = (
    "timestamp", "site_id", "roi_name", "min_temp", "max_temp", "avg_temp", "q1_temp", "q3_temp",
    "detection_confidence",
)  # fmt: skip
CSV: Final = "text/csv"
TimedBody = tuple[datetime, bytes]
Emissivity = Annotated[float, Field(ge=0.1, le=1, allow_inf_nan=False)]
Reflected = Annotated[float, Field(ge=-90, le=500, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Corrected(Parameters):
    """A trial: the regions are measured again, and nothing is changed by it."""

    emissivity: Emissivity | None = Field(default=None, description="Of all regions, in place of what was set.")
    reflected_c: Reflected | None = Field(default=None, description="°C around them, in place of what was set.")

    @property
    def is_trial(self) -> bool:
        return self.emissivity is not None or self.reflected_c is not None

    def applied_to(self, adjustable: AdjustableSettings) -> AdjustableSettings:
        rois, thermography = adjustable.measured_rois, adjustable.thermography
        if self.emissivity is not None:
            rois = tuple(roi.model_copy(update={"emissivity": self.emissivity}) for roi in rois)
        if self.reflected_c is not None:
            rois = tuple(roi.model_copy(update={"reflected_c": self.reflected_c}) for roi in rois)
            thermography = thermography.model_copy(update={"reflected_c": self.reflected_c})
        return adjustable.model_copy(update={"rois": rois, "thermography": thermography})


class OfThermalPicture(Corrected, OfDevice):
    at: Instant | None = Field(default=None, description="The newest frame until this moment; by default until now.")
    frame: Key | None = Field(default=None, description="The frame of this id, in place of a moment.")
    max_age: float = Field(
        default=900, ge=0, le=86_400, allow_inf_nan=False, description="Seconds that the frame may be older."
    )
    form: PictureForm = Field(
        default="thermal",
        description="The heat alone, how much it changes from pixel to pixel, or laid over the picture of the camera.",
    )
    thermal_share: Share | None = Field(default=None, description="Of a mixed picture, in place of what was set.")
    labels: bool = Field(default=True, description="Whether regions, temperatures and time stand in it.")
    scale: int | None = Field(
        default=None,
        ge=1,
        le=40,
        description="Of the heat alone or its gradient: so many times the size of the frame, with nothing written into"
        " it. By default 640 x 480.",
    )

    def applied_to(self, adjustable: AdjustableSettings) -> AdjustableSettings:
        tried = super().applied_to(adjustable)
        if self.thermal_share is None:
            return tried
        fusion = tried.fusion.model_copy(update={"thermal_share": self.thermal_share})
        return tried.model_copy(update={"fusion": fusion})


class FrameRange(Corrected, DeviceTimeRange):
    max: int = Field(default=600, ge=1, le=2000, description="At most so many frames, spread evenly over the time.")


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """The frame that a picture of the past is drawn from, and its name."""

    frame: FoundMedium
    visual: FoundMedium | None
    request: PictureRequest
    tag: str


async def picture(call: Call[OfThermalPicture]) -> Response:
    """The picture of a thermal sensor at a moment, with its regions as they were then; a 404 where no frame is kept."""
    asked, gateway = call.parameters, call.gateway
    drawing = _drawing(gateway)
    await require_device(gateway, asked.site, asked.device)
    at = asked.at or gateway.clock()
    if at > gateway.clock():
        raise Problem(400, f"at: {iso(at)} has not come yet")
    found = await gateway.ask(lambda stores: _found(stores, asked, at, gateway.clock()))
    time = found.frame.stored.time
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache", "X-Capture-Time": iso(time), **HARMLESS}
    if matches(call.request.headers.get("if-none-match"), found.tag):
        return Response(None, 304, headers)
    drawn = await gateway.shared.drawn((asked.site, asked.device, found.tag), lambda: _drawn(gateway, drawing, found))
    return Response(drawn, 200, headers, "image/jpeg")


async def _drawn(gateway: Gateway, drawing: ThermalDrawing, found: FoundPicture) -> bytes:
    visual = None if found.visual is None else await _bytes(gateway, found.visual)
    request = replace(found.request, frame=await _bytes(gateway, found.frame), visual=visual)
    try:
        return await gateway.shared.in_thread(drawing.picture, request)
    except ValueError as damaged:
        time = iso(found.frame.stored.time)
        raise Problem(404, f"the thermal frame of {time} cannot be shown: {damaged}") from damaged


async def frames_npy(call: Call[FrameRange]) -> Response:
    """The radiometric frames of a time range, °C, as a table for `numpy.load`: `time` and `celsius`."""
    asked, gateway = call.parameters, call.gateway

    async def table() -> bytes:
        found = await _range(call)
        return await gateway.shared.in_thread(lambda: _npy(found))

    made = await gateway.shared.drawn(_key_of_range(call, "npy"), table)
    return _download(asked, "npy", made, radiometric_npy.TYPE)


def _npy(found: Sequence[TimedBody]) -> bytes:
    tables = radiometric_npy.frame_tables(_decoded(found))
    if not tables:
        raise Problem(404, "no thermal frame of that time can be read")
    if len(tables) > 1:
        sizes = ", ".join(f"{one.columns} x {one.rows} since {iso(one.since)}" for one in tables)
        raise Problem(400, f"one table has frames of one size, and these are {sizes}: ask for the time of one of them")
    return tables[0].npy()


async def frames_csv(call: Call[FrameRange]) -> Response:
    """The temperatures of every region in the frames of a time range, with the regions of each moment."""
    asked, gateway = call.parameters, call.gateway
    drawing = _drawing(gateway)

    async def table() -> bytes:
        found = await _range(call)
        in_force = await _settings_between(call)
        return await gateway.shared.in_thread(_table, drawing, asked, found, in_force)

    made = await gateway.shared.drawn(_key_of_range(call, "csv"), table)
    return _download(asked, "csv", made, CSV)


async def _settings_between(call: Call[FrameRange]) -> SettingsHistory:
    asked, gateway = call.parameters, call.gateway
    start, end = asked.bounds(gateway.clock(), HOUR)
    try:
        return await gateway.ask(lambda stores: settings_between(stores, asked, start, end))
    except TooManyChanges as error:
        raise Problem(400, f"{error}: ask for a shorter time") from error


def _key_of_range(call: Call[FrameRange], form: str) -> tuple[object, ...]:
    """A range that ends now has another answer at each moment."""
    asked = call.parameters
    return form, asked.model_dump_json(), asked.bounds(call.gateway.clock(), HOUR)


def _table(drawing: ThermalDrawing, asked: FrameRange, frames: Sequence[TimedBody], in_force: SettingsHistory) -> bytes:
    """A frame that cannot be read costs itself."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for time, body in frames:
        with suppress(ValueError):
            rows = drawing.temperatures(body, asked.applied_to(in_force.at(time)))
            writer.writerows((iso(time), asked.site, plain_text(row.name), *row[1:]) for row in rows)
    return text.getvalue().encode()


def _decoded(frames: Sequence[TimedBody]) -> Iterator[tuple[datetime, RadiometricFrame]]:
    for time, body in frames:
        with suppress(ValueError):
            yield time, decode(body)


async def _range(call: Call[FrameRange]) -> list[TimedBody]:
    try:
        frames = await _frames(call)
        thermal_history.require_few_pixels(body for _, body in frames)
    except TooMuch as error:
        raise Problem(400, f"{error}: ask for a shorter time, or for fewer frames with max") from error
    return frames


async def _frames(call: Call[FrameRange]) -> list[TimedBody]:
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    start, end = asked.bounds(gateway.clock(), HOUR)

    found = await gateway.ask(lambda stores: thermal_history.frames_between(stores, asked, start, end, asked.max))
    cold = await gateway.cold.read_all(
        {number: one.copy for number, one in enumerate(found) if one.body is None and one.copy is not None}
    )
    bodies = ((one.stored.time, one.body or cold.get(number)) for number, one in enumerate(found))
    frames = [(time, body) for time, body in bodies if body is not None]
    if not frames:
        raise Problem(404, f"no thermal frame of {asked.device} is kept from {iso(start)} to {iso(end)}")
    return frames


def _download(asked: FrameRange, ending: str, body: bytes, media_type: str) -> Response:
    name = f"{asked.site}_{asked.device}_Temperature" + (f"_{asked.start:%Y%m%d_%H%M}" if asked.start else "")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{ending}"', "Cache-Control": "no-store"}
    return Response(body, 200, {**HARMLESS, **headers}, media_type)


def _drawing(gateway: Gateway) -> ThermalDrawing:
    if gateway.settings.open_drawing is None:
        raise Problem(503, "this gateway draws no thermal pictures")
    return gateway.settings.open_drawing()


def _found(stores: Stores, asked: OfThermalPicture, at: datetime, now: datetime) -> FoundPicture:
    frame = _frame(stores, asked, at)
    time = frame.stored.time
    is_fused = asked.form not in ("thermal", "gradient")
    visual = thermal_history.picture_beside(stores, asked, time) if is_fused else None
    if is_fused and visual is None:
        raise Problem(404, f"no picture of the camera of {asked.device} is kept of {iso(time)}")
    known = stores.registered()
    request = PictureRequest(
        frame=b"",
        time=time.astimezone(known.zone(asked.site)),
        site_name=known.site_name(asked.site),
        settings=asked.applied_to(thermal_history.settings_at(stores, asked, time, now)),
        form=asked.form,
        regions=None if asked.is_trial else thermal_history.published_regions(stores, asked, time),
        with_labels=asked.labels,
        scale=asked.scale,
        visual_size=None if visual is None else thermal_history.camera_size(stores, asked),
    )
    made_of = [frame] if visual is None else [frame, visual]
    how = asked.model_dump_json(exclude={"at", "max_age"})
    return FoundPicture(frame, visual, request, thermal_history.tag_of(made_of, request.settings, request.regions, how))


def _frame(stores: Stores, asked: OfThermalPicture, at: datetime) -> FoundMedium:
    if asked.frame is not None:
        frame = thermal_history.frame_named(stores, asked, asked.frame)
        if frame is None:
            raise Problem(404, f"there is no thermal frame {asked.frame!r} of {asked.device}; it may have been deleted")
        return frame
    frame = thermal_history.newest_frame(stores, asked, at, asked.max_age)
    if frame is None:
        raise Problem(404, f"no thermal frame of {asked.device} is kept of the {asked.max_age:g} s before {iso(at)}")
    return frame


async def _bytes(gateway: Gateway, found: FoundMedium) -> bytes:
    if found.body is not None:
        return found.body
    if found.copy is None:
        raise Problem(404, f"the medium {found.stored.key} was dropped by retention a moment ago")
    return await gateway.cold.read(found.copy, 0, found.copy.size)


OPERATIONS = [
    Operation("GET", f"{DEVICE}/thermal.jpg", picture, "image/jpeg", OfThermalPicture, also=(304,)),
    Operation("GET", f"{DEVICE}/thermal-frames.npy", frames_npy, radiometric_npy.TYPE, FrameRange),
    Operation("GET", f"{DEVICE}/thermal-frames.csv", frames_csv, CSV, FrameRange),
]
