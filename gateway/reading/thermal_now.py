"""Works out what a condition of heat measures at a moment, beside what it measured when it began."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.json import Decoder

from bus_schemas.thermal import ThermalEvent
from consumers.alerting.incidents.newest import HEAT, newest_value
from consumers.alerting.terms import registered
from consumers.engine.partial import ThermalPart
from consumers.engine.versions import NEWEST
from consumers.store.journal.query_types import EventFilter
from gateway.http.answers import Answer, Time
from gateway.reading.moments import StoresAsOf

MOST_FRAMES: Final = 1000
NEW_FOR: Final = timedelta(minutes=5)
"""An older frame says nothing of now."""


class ValueNow(Answer):
    """The value that the rule of an open condition of heat measures, in the unit of its details."""

    value: float
    time: Time


class _TimedFrame(Struct):
    time: datetime
    data: ThermalPart


_FRAME: Final = Decoder(_TimedFrame)


def value_now(moment: StoresAsOf, condition: Mapping[str, Any], kind: str) -> ValueNow | None:
    """The value for an open incident or alert of this type. Nothing if it is over, for other conditions, and where
    the device measures nothing any more.
    """
    if kind not in HEAT or condition["state"] != "open":
        return None
    rules = registered(moment.registered()).rules
    is_rise = kind == "temperature_rise"
    wanted = EventFilter(
        before=None if moment.upto == NEWEST else moment.upto + 1,
        start=moment.now - (timedelta(seconds=rules.rise_window_s) if is_rise else NEW_FOR),
        site=condition["site"],
        device=condition["device"],
        types=(ThermalEvent.model_fields["type"].default,),
    )
    stored = moment.stores.queries.select(wanted, MOST_FRAMES if is_rise else 1, "desc")
    frames = sorted((_FRAME.decode(one.body) for one in stored), key=lambda one: one.time)
    timed = [(one.time.timestamp(), one.data) for one in frames]
    value = newest_value(kind, timed, condition["details"], rules)
    return None if value is None else ValueNow(value=value, time=frames[-1].time)
