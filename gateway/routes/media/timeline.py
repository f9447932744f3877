"""Route of the timeline: the states of the minutes of a day."""

from datetime import UTC, datetime, timedelta

from pydantic import Field

from bus_schemas.condition import Condition
from consumers.engine.view_files import NoView
from consumers.views.mosaics.minute_state import CLASSES
from consumers.views.mosaics.questions import MinuteTimeline, timeline
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import OfSite, OnDate
from gateway.reading.stores import Stores
from gateway.routes.lookup import zone_of_site
from gateway.routes.media.minute_tiles import VIEW
from producer.times import day_bounds

DAY_MINUTES = 1440


class IncidentMinutes(Answer):
    """Minutes in a row with the same incidents."""

    first: int = Field(description="The first of them, counted from the begin of the timeline.")
    minutes: int
    condition: Condition
    types: list[str] = Field(description="Of all devices, those of the worst first.")


class TimelineAnswer(Answer):
    site: str
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    newest: int = Field(description="The last minute, counted from 1970.")
    classes: list[str]
    states: str = Field(description="Base64 of states of two bits, four to a byte, the first in the lowest bits.")
    incidents: list[IncidentMinutes] = Field(description="What was the case in the minutes of that state.")
    revisions: str = Field(description="A letter of Base64 for each minute: how often it was corrected, modulo 64.")
    drawn: int = Field(description="The number of the last drawing; frames `minute` of live events go on from it.")


class TimelineDay(OnDate, OfSite):
    """A site and a day of it; without one the last 24 hours up to the newest closed minute."""


async def states(call: Call[TimelineDay]) -> TimelineAnswer:
    """The state of each minute of a day, or of the last 24 hours."""
    asked, gateway = call.parameters, call.gateway
    zone = await zone_of_site(gateway, asked.site)
    first, count = None, DAY_MINUTES
    if asked.date is not None:
        start, end = day_bounds(asked.date, zone)
        first, count = _minute(start), (end - start) // timedelta(minutes=1)
    found = await gateway.ask(lambda stores: _timeline(stores, asked.site, first, count))
    if found is None:
        begin = _minute(gateway.clock()) - count if first is None else first
        found = MinuteTimeline(asked.site, begin, begin + count - 1, CLASSES, bytes((count + 3) // 4))
    return TimelineAnswer.model_validate(
        {
            "site": asked.site,
            "from": _moment(found.first),
            "to": _moment(found.newest + 1),
            "newest": found.newest,
            "classes": list(found.classes),
            "states": found.base64,
            "incidents": [span._asdict() for span in found.spans],
            "revisions": found.revision_letters,
            "drawn": found.drawn,
        }
    )


def _timeline(stores: Stores, site: str, first: int | None, count: int) -> MinuteTimeline | None:
    try:
        return timeline(stores.view(VIEW), site, first, count)
    except NoView:
        return None


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


OPERATIONS = [Operation("GET", "/api/v1/timeline/{site}", states, TimelineAnswer, TimelineDay)]
