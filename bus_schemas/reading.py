"""Events of what a device measures besides pictures and heat: a load, a pressure, a level of oil."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact
from bus_schemas.limits import Limit, Word

Quantity = Annotated[float, Limit(ge=-1e9, le=1e9)]
Unit = Annotated[str, Limit(max_length=16)]


class Measurement(Fact):
    """One number, by a name that the device always uses for it; `unit` as people write it: `A`, `%`, `kW`."""

    name: Word
    value: Quantity
    unit: Unit = ""


class Reading(Fact):
    """What was measured at the time of the event."""

    measurements: Annotated[tuple[Measurement, ...], Field(min_length=1), Limit(max_length=64)]


class ReadingEvent(Event):
    type: Literal["watchpost.reading.v1"] = "watchpost.reading.v1"
    data: Reading
