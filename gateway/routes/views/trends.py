"""Routes of trends: motion, temperatures, loudness and detections of a device."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from starlette.responses import Response

from bus_schemas.camera import DetectedObject
from bus_schemas.event import Box, iso
from bus_schemas.thermal import FrameStatistics, HotSpot, Region, Transformer
from consumers.views.audio import loudness
from consumers.views.detections import detections as detected
from consumers.views.motion.questions import bucket_in_use, buckets, track
from consumers.views.temperatures import MAX_SERIES, most_measured, newest_thermal
from consumers.views.temperatures import temperatures as measured
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, SchemaOf, Time
from gateway.http.parameters import AtMost, DeviceTimeRange, OfDevice, OnDate
from gateway.http.problems import Problem
from gateway.reading.calendar import today
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device, zone_of_site
from gateway.serving.ranges import matches
from producer.times import moment_of_seconds

if TYPE_CHECKING:
    from consumers.views.motion.grids import HeatMap

MOST_POINTS = 20_000


class BucketAnswer(Answer):
    time: Time
    events: int = Field(description="Motions that went on in it.")
    began: int = Field(description="Those of them that began in it: their sum is how many there were.")
    seconds: float = Field(description="For how much of it something moved.")


class MotionCounts(Answer):
    bucket_s: int = Field(description="The bucket that was used: what was asked for, in whole steps of five seconds.")
    buckets: list[BucketAnswer] = Field(description="Those without motion are left out.")


class TrackPointAnswer(Answer):
    time: Time
    boxes: list[Box] = Field(description="x, y, width and height, 0 to 1 of the picture.")


class MotionTrack(Answer):
    points: list[TrackPointAnswer] = Field(description="Oldest first, about one a second while something moves.")


class SeriesAnswer(Answer):
    roi: str = Field(description="A region; `frame` is all of the picture, `composite` the weighted one.")
    unit: str
    points: list[tuple[int, float, float, float]] = Field(description="Milliseconds since 1970, min, max, mean.")


class TemperaturesAnswer(Answer):
    step_s: int
    series: list[SeriesAnswer]
    left_out: int = Field(description="How many regions are not shown: of very many, those with fewest points.")


class Audio(Answer):
    step_s: int
    points: list[tuple[int, float, float]] = Field(description="Milliseconds since 1970, mean dB, volume in percent.")


class NewestThermalAnswer(Answer):
    time: str
    position: int
    frame_stats: Annotated[dict[str, float | None], SchemaOf(FrameStatistics)]
    regions: list[Annotated[dict[str, Any], SchemaOf(Region)]]
    hot_spots: list[Annotated[dict[str, Any], SchemaOf(HotSpot)]]
    composite_temperature: float | None
    sensor_temp: float | None
    width: int
    height: int
    media: list[str]
    peak_temp: float | None = Field(default=None, description="The hottest pixel before filtering.")
    confirmed_max_temp: float | None = Field(default=None, description="The same without spikes of one pixel.")
    ambient_temp: float | None = Field(default=None, description="As it is set.")
    gradient_max: float | None = None
    bad_pixels: int = 0
    clamped_pixels: int = 0
    transformer: Annotated[dict[str, Any], SchemaOf(Transformer)] | None = Field(
        default=None, description="What was found by its warmth."
    )


class DetectionAnswer(Answer):
    time: Time
    position: int
    people_count: int
    objects: list[Annotated[dict[str, Any], SchemaOf(DetectedObject)]]
    event_triggers: list[str]
    media: list[str]


class DetectionsAnswer(Answer):
    detections: list[DetectionAnswer] = Field(description="Newest first.")


class OfMotion(DeviceTimeRange):
    bucket: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds, rounded down to a multiple of 5. Hours and days begin by the clock of the site.",
    )


class OfTrack(DeviceTimeRange):
    max: int = Field(default=600, ge=1, le=5000, description="At most so many moments, spread evenly over the time.")


class OfTrend(DeviceTimeRange):
    step: int = Field(
        default=60,
        ge=60,
        le=86_400,
        description="Seconds; whole minutes. Hours and days begin by the clock of the site.",
    )


class OfDetections(AtMost, DeviceTimeRange):
    """The newest of a device between two moments."""


class DeviceDay(OnDate, OfDevice):
    """A device and a day of its site."""


class OfHeatMap(DeviceDay):
    n: int | None = Field(
        default=None, ge=0, description="Changes nothing; another number is another address, which a page loads again."
    )


async def motion_counts(call: Call[OfMotion]) -> MotionCounts:
    """How often and how long something moved, by buckets of time."""
    asked = call.parameters
    bucket_s = bucket_in_use(asked.bucket)
    start, end = await bounds_of_trend(call, bucket_s)
    zone = await zone_of_site(call.gateway, asked.site)
    found = await call.gateway.ask(
        lambda stores: buckets(stores.view("motion"), asked.site, asked.device, start, end, bucket_s, zone)
    )
    return MotionCounts(
        bucket_s=bucket_s,
        buckets=[
            BucketAnswer(
                time=moment_of_seconds(one.start), events=one.events, began=one.began, seconds=round(one.seconds, 3)
            )
            for one in found
        ],
    )


async def motion_track(call: Call[OfTrack]) -> MotionTrack:
    """Where in the picture something moved, over time."""
    asked = call.parameters
    start, end = await bounds_of_trend(call, bucket_in_use(0))
    found = await call.gateway.ask(
        lambda stores: track(stores.view("motion"), asked.site, asked.device, start, end, asked.max)
    )
    return MotionTrack(
        points=[TrackPointAnswer(time=moment_of_seconds(one.time), boxes=list(one.boxes)) for one in found]
    )


async def motion_heatmap(call: Call[OfHeatMap]) -> Response:
    """Where in the picture something moved on a day of the site."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    day = asked.date or today(gateway.clock(), await zone_of_site(gateway, asked.site))
    found = await gateway.ask(lambda stores: _drawn(stores, asked, day))
    if found is None:
        raise Problem(404, "No motion data available for this date")
    headers = {
        "ETag": f'"{found.position}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'inline; filename="{asked.device}_heatmap_{day}.png"',
    }
    if matches(call.request.headers.get("if-none-match"), headers["ETag"]):
        return Response(None, 304, headers)
    return Response(found.png, 200, headers, "image/png")


def _drawn(stores: Stores, asked: OfHeatMap, day: date) -> "HeatMap | None":
    from consumers.views.motion.grids import heat_map  # with NumPy and OpenCV, where somebody looks

    return heat_map(stores.view("motion"), asked.site, asked.device, day)


async def temperatures(call: Call[OfTrend]) -> TemperaturesAnswer:
    """Temperatures of each region over time."""
    asked = call.parameters
    start, end = await bounds_of_trend(call, asked.step)
    zone = await zone_of_site(call.gateway, asked.site)
    step = asked.step // 60 * 60
    found = await call.gateway.ask(
        lambda stores: measured(stores.view("temperatures"), asked.site, asked.device, start, end, step, zone)
    )
    shown = set(most_measured(found)[:MAX_SERIES])
    series = [
        SeriesAnswer(roi=roi, unit="°C", points=[(one.start * 1000, one.low, one.high, one.mean) for one in points])
        for roi, points in found.items()
        if roi in shown
    ]
    return TemperaturesAnswer(step_s=step, series=series, left_out=len(found) - len(shown))


async def audio(call: Call[OfTrend]) -> Audio:
    """Loudness over time."""
    asked = call.parameters
    start, end = await bounds_of_trend(call, asked.step)
    zone = await zone_of_site(call.gateway, asked.site)
    step = asked.step // 60 * 60
    found = await call.gateway.ask(
        lambda stores: loudness(stores.view("audio"), asked.site, asked.device, start, end, step, zone)
    )
    return Audio(step_s=step, points=[(one.start * 1000, one.mean_db, one.volume_percent) for one in found])


_ALSO_MEASURED = (
    "peak_temp", "confirmed_max_temp", "ambient_temp", "gradient_max", "bad_pixels", "clamped_pixels", "transformer",
)  # fmt: skip


async def thermal(call: Call[OfDevice]) -> NewestThermalAnswer:
    """The newest measurement of a thermal sensor."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    found = await call.gateway.ask(lambda stores: newest_thermal(stores.view("temperatures"), asked.site, asked.device))
    if found is None:
        raise Problem(404, f"{asked.device} has measured no temperatures")
    data = found.data
    stats = data["frame_stats"]
    return NewestThermalAnswer(
        time=found.time,
        position=found.position,
        frame_stats={**stats, "min": stats["min_temp"], "max": stats["max_temp"], "mean": stats["avg_temp"]},
        regions=data["regions"],
        hot_spots=data["hot_spots"],
        composite_temperature=data["composite_temperature"],
        sensor_temp=data["sensor_temp"],
        width=data["columns"],
        height=data["rows"],
        media=data["media"],
        **{name: data[name] for name in _ALSO_MEASURED},
    )


async def detections(call: Call[OfDetections]) -> DetectionsAnswer:
    """The detections, newest first."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    start, end = asked.bounds(call.gateway.clock())
    found = await call.gateway.ask(
        lambda stores: detected(stores.view("detections"), asked.site, asked.device, start, end, asked.limit)
    )
    return DetectionsAnswer(
        detections=[
            DetectionAnswer(
                time=moment_of_seconds(one.time),
                position=one.position,
                **{name: one.data[name] for name in ("people_count", "objects", "event_triggers", "media")},
            )
            for one in found
        ]
    )


async def bounds_of_trend(call: Call[Any], step_s: int) -> tuple[datetime, datetime]:
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    start, end = asked.bounds(call.gateway.clock())
    if (end - start) / timedelta(seconds=step_s) > MOST_POINTS:
        raise Problem(400, f"from {iso(start)} to {iso(end)} are more than {MOST_POINTS} steps of {step_s} s")
    return start, end


DEVICE = "/api/v1/sites/{site}/devices/{device}"
OPERATIONS = [
    Operation("GET", f"{DEVICE}/motion", motion_counts, MotionCounts, OfMotion),
    Operation("GET", f"{DEVICE}/motion/track", motion_track, MotionTrack, OfTrack),
    Operation("GET", f"{DEVICE}/motion-heatmap.png", motion_heatmap, "image/png", OfHeatMap, also=(304,)),
    Operation("GET", f"{DEVICE}/temperatures", temperatures, TemperaturesAnswer, OfTrend),
    Operation("GET", f"{DEVICE}/audio", audio, Audio, OfTrend),
    Operation("GET", f"{DEVICE}/thermal", thermal, NewestThermalAnswer, OfDevice),
    Operation("GET", f"{DEVICE}/detections", detections, DetectionsAnswer, OfDetections),
]
