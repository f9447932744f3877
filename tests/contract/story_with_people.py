"""The story with what the hub and people made of it at the time: incidents, alerts that were seen, other settings."""

from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.event import Event
from consumers.alerting.projection import AlertingProjection
from consumers.engine.projection import Projection
from tests.builders import alert, at, settings
from tests.contract.story import MINUTES, Story
from tests.following import Followed

TimedEvents = list[tuple[float, Event]]
"""Events with the seconds after the start at which each was received, in that order."""


def with_people(plain: Story) -> TimedEvents:
    observed = plain.in_order()
    for number in range(1, MINUTES // 2):
        observed.append((120 * number + 0.7, settings(at(120 * number), device="yard", settings=_sections(number))))
    observed.append((1000.5, settings(at(1000), device="gate", settings=_sections(3))))
    received = {event.id: second for second, event in observed}
    emitted = _emitted(AlertingProjection(), observed)
    for found in emitted:
        assert isinstance(found, IncidentEvent | AlertEvent)
        observed.append((max(received[cause] for cause in found.data.causes), found))
    raised = [found.data for found in emitted if isinstance(found, AlertEvent)]
    for number, one in enumerate(raised):
        seen = 300 * (number % 8) + number + 0.5
        observed.append((seen, alert(at(seen), "acknowledged", alert_id=one.alert_id, by=f"person {number}")))
    return sorted(observed, key=itemgetter(0))


def _sections(number: int) -> dict[str, Any]:
    """Some of what can be set, other values each time."""
    rois = [{"name": f"roi {number}", "coordinates": [[0, 0], [8, 8]], "thresholds": {"warning": 60.0 + number}}]
    zones = [{"name": f"zone {number}", "points": [[0, 0], [1, 0], [1, 1]]}]
    each = {"motion": {"sensitivity": number}, "rois": rois, "zones": zones}
    return {name: value for place, (name, value) in enumerate(each.items()) if number % 3 != place}


def _emitted(projection: Projection, observed: TimedEvents) -> list[Event]:
    observed.sort(key=itemgetter(0))
    with TemporaryDirectory() as directory, Followed(projection, Path(directory)) as followed:
        for second, event in observed:
            followed.journal.append(event, received=at(second))
        return followed.catch_up().emitted()
