"""What a report shows: minutes, incidents, alerts and notes, and the pictures that it is made of."""

from collections.abc import Sequence
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
class ReportMinute:
    """A minute since 1970: its JSON, and its picture where it is kept."""

    minute: int
    description: dict[str, Any]
    picture: ReportPicture | None


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
    minutes: Sequence[ReportMinute]
    left_out: int
    """How many minutes have no picture in it, so that it does not become too large."""
    incidents: Sequence[ReportIncident] = ()
    alerts: Sequence[AlertRow] = ()
    notes: Sequence[AnnotationRow] = field(default=())

    @property
    def inputs(self) -> list[ReportPicture]:
        shown = [minute.picture for minute in self.minutes if minute.picture is not None]
        return [*shown, *(picture for one in self.incidents for picture in one.pictures)]
