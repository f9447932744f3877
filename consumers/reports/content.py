"""What a report shows: minutes, incidents, alerts and notes, and the pictures that it is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from consumers.alerting.alerts.questions import AlertRow
from consumers.alerting.incidents.questions import IncidentRow
from consumers.alerting.review.reviews import IncidentReview
from consumers.upkeep.exports.order import ExportOrder
from consumers.views.annotations import AnnotationRow


@dataclass(frozen=True, slots=True)
class ReportPicture:
    """A picture in the page, and what it was made of."""

    name: str
    body: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class BadMoment:
    """When in a minute a device was in an incident, or one of its frames was bad: seconds since 1970. The picture is of
    that time, where one is kept.
    """

    device: str
    type: str
    start: float
    end: float
    picture: ReportPicture | None = None


@dataclass(frozen=True, slots=True)
class ReportMinute:
    """A minute since 1970, or several in a row that were alike: its JSON, and its picture where it is kept."""

    minute: int
    description: dict[str, Any]
    picture: ReportPicture | None
    moments: Sequence[BadMoment] = ()
    count: int = 1

    @property
    def end(self) -> int:
        return self.minute + self.count

    @property
    def pictures(self) -> Iterator[ReportPicture]:
        yield from () if self.picture is None else (self.picture,)
        yield from (one.picture for one in self.moments if one.picture is not None)


@dataclass(frozen=True, slots=True)
class ReportMinutes:
    """The minutes of a report. `left_out` have no picture in it so that it does not become too large; `past` have left
    the ring, and few of them have a picture.
    """

    minutes: Sequence[ReportMinute]
    left_out: int
    past: int

    @property
    def devices(self) -> set[str]:
        return {one["device_id"] for minute in self.minutes for one in minute.description["devices"]}


@dataclass(frozen=True, slots=True)
class ReportIncident:
    row: IncidentRow
    review: IncidentReview
    pictures: Sequence[ReportPicture]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page shows."""

    order: ExportOrder
    site_name: str
    zone: ZoneInfo
    names: dict[str, str]
    shown: ReportMinutes
    incidents: Sequence[ReportIncident] = ()
    alerts: Sequence[AlertRow] = ()
    notes: Sequence[AnnotationRow] = field(default=())

    @property
    def inputs(self) -> list[ReportPicture]:
        """Each picture once."""
        of_minutes = (picture for minute in self.shown.minutes for picture in minute.pictures)
        of_incidents = (picture for one in self.incidents for picture in one.pictures)
        return list({one.name: one for one in (*of_minutes, *of_incidents)}.values())
