"""Routes of incidents: search, figures, and one incident with its pictures, its rule and its review."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import Field

from bus_schemas.alert import AlertLevelName
from bus_schemas.camera import FRAME_FAULTS
from bus_schemas.review import ReviewAction
from consumers.alerting.alerts.questions import alert_of_incident
from consumers.alerting.alerts.wording import types_said_as
from consumers.alerting.incidents.questions import (
    IncidentFilter,
    IncidentRow,
    Suppressed,
    count_incidents,
    incident,
    incidents,
    rule_text,
)
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.reviews import IncidentReview, ReviewEntry, ReviewState, review_of, reviews_of
from consumers.engine.intervals import State
from consumers.reports.incident_pictures import IncidentPicture, PicturePart, pictures_of
from consumers.site_registry import Registered
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, RecordedEvent, Time
from gateway.http.parameters import AsOf, Key, Name, Parameters
from gateway.http.problems import Problem
from gateway.reading.moments import StoresAsOf
from gateway.reading.thermal_now import ValueNow, value_now
from gateway.routes.views.alerts import AlertRule
from gateway.routes.views.interval_search import IntervalSearch, Located, lasted_s, located
from gateway.serving.media_links import picture_url
from producer.times import moment_of_seconds

RECENT = timedelta(days=7)
_PRIORITIES: Mapping[str, int] = {kind: place for place, kind in enumerate(FRAME_FAULTS, 1)}
ENTRIES_LISTED = 10


class ReviewEntryAnswer(Answer):
    id: str = Field(description="The id of the event, by which it can be undone.")
    action: ReviewAction
    by: str
    at: Time
    comment: str | None
    assignee: str | None
    undone_by: str | None

    @classmethod
    def of(cls, entry: ReviewEntry) -> Self:
        return cls(
            id=entry.event_id,
            action=entry.action,
            by=entry.by,
            at=moment_of_seconds(entry.at),
            comment=entry.comment,
            assignee=entry.assignee,
            undone_by=entry.undone_by,
        )


class IncidentReviewAnswer(Answer):
    state: ReviewState = Field(description="`open` where nobody has reviewed it.")
    by: str | None
    at: Time | None
    reason: str | None = Field(description="Why it was discarded.")
    assignee: str | None
    entries: list[ReviewEntryAnswer] = Field(
        description=f"What people said of it, the oldest first; in lists the newest of it, {ENTRIES_LISTED} at most."
    )

    @classmethod
    def of(cls, review: IncidentReview) -> Self:
        return cls(
            state=review.state,
            by=review.by,
            at=None if review.at is None else moment_of_seconds(review.at),
            reason=review.reason,
            assignee=review.assignee,
            entries=[ReviewEntryAnswer.of(one) for one in review.entries],
        )


class IncidentAnswer(Located):
    id: str
    type: str
    level: AlertLevelName
    priority: int | None = Field(
        description="Of what can be wrong with a frame: 1 is the highest, of which no lower one is judged beside it."
    )
    state: State
    opened: str
    closed: str | None
    duration_s: float = Field(description="Until it was closed, or until now.")
    under: str | None = Field(description="The agent that is gone, and the device with it.")
    suppressed: str | None = Field(description="Why it raised no alert: `cool_down`, or `mute`.")
    mute_id: str | None = Field(description="The mute that withheld its alert.")
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str] = Field(description="Ids of the events that decided.")
    media: list[str]
    review: IncidentReviewAnswer

    @classmethod
    def of(cls, row: IncidentRow, review: IncidentReview | None, now: datetime, registered: Registered) -> Self:
        lasted = lasted_s(row["opened"], row["duration_s"], now)
        said = IncidentReviewAnswer.of(review or IncidentReview())
        more = {"duration_s": lasted, "priority": _PRIORITIES.get(row["type"]), "review": said}
        return cls.model_validate({**located(row, registered), **more})


class IncidentsAnswer(Answer):
    incidents: list[IncidentAnswer]


class IncidentSearch(IntervalSearch):
    """`from` and `to` select incidents that held at some moment between them; by default all."""

    review: ReviewState | None = Field(default=None, description="`open` where nobody has reviewed it.")
    zone: str | None = Field(
        default=None, min_length=1, max_length=64, description="The region of a picture that it was found in."
    )
    suppressed: Suppressed | None = Field(default=None, description="Why it raised no alert.")
    mute: Key | None = Field(default=None, description="The mute that withheld its alert.")
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="In the names of its type and device, in its reason, and in what people said of it.",
    )
    after: Key | None = Field(default=None, description="The id of the last incident of the page before.")
    limit: int = Field(default=100, ge=1, le=1000)

    def only(self, registered: Registered) -> IncidentFilter:
        text = (self.text or "").casefold()
        named = [
            f"{one.site}/{one.device}"
            for one in registered.devices(self.site)
            if text in one.name.casefold() or text in one.device.casefold()
        ]
        return IncidentFilter(self.review, self.zone, self.suppressed, self.mute, self.text, named, types_said_as(text))


class FiguresOfSite(AsOf, Parameters):
    """Figures of a site, or of all."""

    site: Name | None = None


class MostCommon(Answer):
    type: str
    count: int


class IncidentFiguresAnswer(Answer):
    open: int
    closed: int
    not_reviewed: int
    without_alert: int = Field(description="Those that raised no alert because of a cool-down or a mute.")
    this_week: int = Field(description="Those that were opened in the last seven days.")
    most_common: MostCommon | None = Field(description="Of these.")


class OfIncident(Parameters):
    id: Key


class IncidentAsOf(AsOf, OfIncident):
    """An incident at a moment."""


class PictureAnswer(Answer):
    part: PicturePart = Field(description="What it shows of the incident.")
    time: Time
    url: str

    @classmethod
    def of(cls, picture: IncidentPicture) -> Self:
        return cls(part=picture.part, time=picture.time, url=picture_url(picture.key))


class IncidentReasonAnswer(Answer):
    incident: IncidentAnswer
    rule: AlertRule = Field(description="As it was in force then.")
    events: list[RecordedEvent] = Field(description="Those that decided, where the journal still has them.")
    pictures: list[PictureAnswer]
    alert: str | None = Field(description="The id of the alert that it raised.")
    now: ValueNow | None = Field(
        default=None, description="Of an open one of heat: what is measured now. `worst` of its details is the worst."
    )


async def search(call: Call[IncidentSearch]) -> IncidentsAnswer:
    """Incidents, newest first."""
    asked = call.parameters

    def question(moment: StoresAsOf) -> IncidentsAnswer:
        view, registered = moment.view(AlertingProjection), moment.registered()
        wanted = replace(asked.wanted(asked.limit, asked.after), upto=moment.upto)
        return IncidentsAnswer(incidents=answers(moment, incidents(view, wanted, asked.only(registered))))

    return await call.gateway.ask_at(asked.as_of, question)


def answers(moment: StoresAsOf, found: Iterable[IncidentRow]) -> list[IncidentAnswer]:
    """Each with its review."""
    rows, registered = list(found), moment.registered()
    if not rows:
        return []
    reviews = reviews_of(moment.view(AlertingProjection), (one["id"] for one in rows), moment.upto, ENTRIES_LISTED)
    return [IncidentAnswer.of(one, reviews.get(one["id"]), moment.now, registered) for one in rows]


async def figures(call: Call[FiguresOfSite]) -> IncidentFiguresAnswer:
    """How many incidents are open, were opened this week, are over, and were not reviewed; and of which type most."""
    asked = call.parameters

    def question(moment: StoresAsOf) -> IncidentFiguresAnswer:
        since = moment.now - RECENT
        counts = count_incidents(moment.view(AlertingProjection), asked.site, since, moment.upto)
        most = counts.most_common
        return IncidentFiguresAnswer(
            open=counts.open,
            closed=counts.closed,
            not_reviewed=counts.open_reviews,
            without_alert=counts.withheld,
            this_week=counts.recent,
            most_common=None if most is None else MostCommon(type=most, count=counts.most_common_count),
        )

    return await call.gateway.ask_at(asked.as_of, question)


async def explain(call: Call[IncidentAsOf]) -> IncidentReasonAnswer:
    """The rule that opened an incident, the events that decided, its first, last and sample pictures, its review."""
    incident_id = call.parameters.id

    def question(moment: StoresAsOf) -> IncidentReasonAnswer:
        view = moment.view(AlertingProjection)
        row = incident(view, incident_id, moment.upto)
        if row is None:
            raise unknown(incident_id)
        find = moment.stores.queries.find
        text = rule_text(view, incident_id, moment.upto) or row["rule"]
        review = review_of(view, incident_id, moment.upto)
        return IncidentReasonAnswer(
            incident=IncidentAnswer.of(row, review, moment.now, moment.registered()),
            rule=AlertRule(name=row["rule"], version=row["rule_version"], text=text),
            events=[RecordedEvent.of(event) for cause in row["causes"] if (event := find(cause)) is not None],
            pictures=[PictureAnswer.of(one) for one in pictures_of(moment.stores.archive, row, moment.now)],
            alert=alert_of_incident(view, incident_id, moment.upto),
            now=value_now(moment, row, row["type"]),
        )

    return await call.gateway.ask_at(call.parameters.as_of, question)


def unknown(incident_id: str) -> Problem:
    return Problem(404, f"there is no incident {incident_id!r}")


OPERATIONS = [
    Operation("GET", "/api/v1/incidents", search, IncidentsAnswer, IncidentSearch),
    Operation("GET", "/api/v1/incidents/{id}", explain, IncidentReasonAnswer, IncidentAsOf),
    Operation("GET", "/api/v1/incident-figures", figures, IncidentFiguresAnswer, FiguresOfSite),
]
