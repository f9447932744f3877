"""Routes of what devices measure besides pictures and heat, and how closely temperatures follow it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from consumers.views.readings import SeriesName, readings, series_of
from consumers.views.temperatures import MAX_SERIES, most_measured
from consumers.views.temperatures import temperatures as measured
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import DeviceTimeRange, Name, OfSite
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device, require_site, zone_of_site
from gateway.routes.views.trends import OfTrend, bounds_of_trend

if TYPE_CHECKING:
    from consumers.views.correlation import Correlation, FoundCorrelation

LONGEST = timedelta(days=31)
SeriesTitle = Annotated[str, Field(min_length=1, max_length=64)]


class ReadingSeriesAnswer(Answer):
    device: str
    name: str
    unit: str


class ReadingSeriesListAnswer(Answer):
    series: list[ReadingSeriesAnswer]


class ReadingsAnswer(ReadingSeriesAnswer):
    step_s: int
    points: list[tuple[int, float, float, float]] = Field(description="Milliseconds since 1970, min, max, mean.")


class CorrelationAnswer(Answer):
    pearson: float = Field(description="Of minute means, -1 to 1.")
    pairs: int = Field(description="Minutes in which both were measured.")
    lag_s: int = Field(description="How much later the temperature is taken than the reading.")

    @classmethod
    def of(cls, found: "Correlation | None") -> Self | None:
        if found is None:
            return None
        return cls(pearson=found.coefficient, pairs=found.pairs, lag_s=60 * found.lag_minutes)


class RegionCorrelationAnswer(Answer):
    roi: str
    at_once: CorrelationAnswer | None = Field(
        description="At the same minutes; null where they are fewer than ten, or one of both does not change."
    )
    closest: CorrelationAnswer | None = Field(
        description="At the delay of at most three hours with which the temperature follows the reading most closely."
    )


class CorrelationsAnswer(Answer):
    reading: ReadingSeriesAnswer
    regions: list[RegionCorrelationAnswer]


class OfSeries(OfTrend):
    name: SeriesTitle = Field(description="Of the series.")
    unit: str = Field(default="", max_length=16)


class OfCorrelation(DeviceTimeRange):
    with_device: Name = Field(description="The device that measures the reading.")
    name: SeriesTitle = Field(description="Of the series of readings.")
    unit: str = Field(default="", max_length=16)


async def list_series(call: Call[OfSite]) -> ReadingSeriesListAnswer:
    """Everything that the devices of a site measure besides pictures and heat."""
    site = call.parameters.site
    await require_site(call.gateway, site)
    found = await call.gateway.ask(lambda stores: series_of(stores.view("readings"), site))
    return ReadingSeriesListAnswer(series=[_named(one) for one in found])


async def over_time(call: Call[OfSeries]) -> ReadingsAnswer:
    """One series of readings over time."""
    asked = call.parameters
    start, end = await bounds_of_trend(call, asked.step)
    zone = await zone_of_site(call.gateway, asked.site)
    series, step = SeriesName(asked.device, asked.name, asked.unit), asked.step // 60 * 60
    found = await call.gateway.ask(
        lambda stores: readings(stores.view("readings"), asked.site, series, start, end, step, zone)
    )
    points = [(one.start * 1000, one.low, one.high, one.mean) for one in found]
    return ReadingsAnswer(step_s=step, points=points, **_named(series).model_dump())


async def correlations(call: Call[OfCorrelation]) -> CorrelationsAnswer:
    """How closely the temperatures of a device follow a reading, such as the load of a transformer."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    await require_device(call.gateway, asked.site, asked.with_device)
    start, end = asked.bounds(call.gateway.clock())
    if end - start > LONGEST:
        raise Problem(400, f"minutes are kept of {LONGEST.days} days: ask for a shorter time")
    series = SeriesName(asked.with_device, asked.name, asked.unit)

    def question(stores: Stores) -> "list[tuple[str, FoundCorrelation]]":
        from consumers.views.correlation import correlate  # with NumPy, where somebody looks

        loads = readings(stores.view("readings"), asked.site, series, start, end)
        temperatures = measured(stores.view("temperatures"), asked.site, asked.device, start, end)
        return [(roi, correlate(loads, temperatures[roi])) for roi in most_measured(temperatures)[:MAX_SERIES]]

    found = await call.gateway.ask(question)
    return CorrelationsAnswer(
        reading=_named(series),
        regions=[
            RegionCorrelationAnswer(
                roi=roi, at_once=CorrelationAnswer.of(one.at_once), closest=CorrelationAnswer.of(one.closest)
            )
            for roi, one in found
        ],
    )


def _named(one: SeriesName) -> ReadingSeriesAnswer:
    return ReadingSeriesAnswer(device=one.device, name=one.name, unit=one.unit)


DEVICE = "/api/v1/sites/{site}/devices/{device}"
OPERATIONS = [
    Operation("GET", "/api/v1/sites/{site}/readings", list_series, ReadingSeriesListAnswer, OfSite),
    Operation("GET", f"{DEVICE}/readings", over_time, ReadingsAnswer, OfSeries),
    Operation("GET", f"{DEVICE}/temperatures/correlation", correlations, CorrelationsAnswer, OfCorrelation),
]
