"""Routes of reviews: what people say of one or many incidents in one request, and taking it back."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from bus_schemas.event import GATEWAY, device_source
from bus_schemas.limits import MAX_TEXT
from bus_schemas.review import Review, ReviewEvent
from consumers.alerting.incidents.questions import incident
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.reviews import incidents_of_review, is_taken, most_said
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import Key, Parameters, Person, PersonText, SignedBody
from gateway.http.problems import RETRY, Problem
from gateway.messages.ids import uuid7
from gateway.publishing import SEEN_S, publish
from gateway.reading.moments import StoresAsOf
from gateway.reading.stores import Stores
from gateway.reading.wait_until import until
from gateway.routes.views.incidents import IncidentAnswer, answers, unknown

INCIDENTS_PER_REVIEW = 500
MOST_SAID = 500
"""Reviews of one incident that are listed: every list of incidents has all of them."""


class OfReview(Parameters):
    id: Key


class NewReview(SignedBody):
    """`discarded` needs a `comment` that says why, and `commented` one that is the comment. `assigned` without an
    `assignee` takes the incidents from whoever had them; `reopened` takes back that they were reviewed or discarded.
    """

    action: Literal["reviewed", "discarded", "reopened", "commented", "assigned"]
    incidents: tuple[Key, ...] = Field(min_length=1, max_length=INCIDENTS_PER_REVIEW)
    comment: PersonText | None = Field(default=None, max_length=MAX_TEXT)
    assignee: Person | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.action in ("discarded", "commented") and self.comment is None:
            raise ValueError(f"{self.action} needs a comment")
        if self.assignee is not None and self.action != "assigned":
            raise ValueError(f"assignee belongs to the action assigned, not to {self.action}")
        return self


class Undo(SignedBody):
    """The person who takes it back, and of which incidents: by default of all of the review."""

    incidents: tuple[Key, ...] = Field(default=(), max_length=INCIDENTS_PER_REVIEW)


class ReviewsAnswer(Answer):
    reviews: list[str] = Field(description="The ids of the events, one for each site; each can be undone.")
    incidents: list[IncidentAnswer] = Field(description="As they are then.")


async def review(call: Call[Parameters]) -> ReviewsAnswer:
    """Say the same of one or many incidents: reviewed, discarded, reopened, commented, or assigned to somebody."""
    body = await call.body(NewReview)
    wanted = list(dict.fromkeys(body.incidents))
    places = await call.gateway.ask(lambda stores: [(one, _site_of(stores, one)) for one in wanted])
    await _require_room(call.gateway, wanted)
    said = Review(action=body.action, incidents=tuple(wanted), by=body.by, comment=body.comment, assignee=body.assignee)
    return await _say(call.gateway, said, places)


async def undo(call: Call[OfReview]) -> ReviewsAnswer:
    """Take back what one event said of incidents, of all or of some; doing it twice changes nothing."""
    body, review_id = await call.body(Undo), call.parameters.id
    places = await call.gateway.ask(lambda stores: incidents_of_review(stores.view(AlertingProjection.name), review_id))
    if not places:
        raise Problem(404, f"there is no review {review_id!r}")
    if body.incidents:
        foreign = sorted(set(body.incidents) - {incident_id for incident_id, _ in places})
        if foreign:
            raise Problem(400, f"incidents: {foreign[0]!r} is none that this was said of")
        places = [one for one in places if one[0] in body.incidents]
    incidents = tuple(incident_id for incident_id, _ in places)
    await _require_room(call.gateway, incidents)
    said = Review(action="undone", incidents=incidents, by=body.by, undoes=review_id)
    return await _say(call.gateway, said, places)


async def _require_room(gateway: Gateway, incidents: Sequence[str]) -> None:
    said = await gateway.ask(lambda stores: most_said(stores.view(AlertingProjection.name), incidents))
    if said >= MOST_SAID:
        raise Problem(409, f"of an incident {MOST_SAID} things were said already, and no more are taken")


def _site_of(stores: Stores, incident_id: str) -> str:
    found = incident(stores.view(AlertingProjection.name), incident_id)
    if found is None:
        raise unknown(incident_id)
    return found["site"]


async def _say(gateway: Gateway, said: Review, places: Sequence[tuple[str, str]]) -> ReviewsAnswer:
    by_site = defaultdict[str, list[str]](list)
    for incident_id, site in places:
        by_site[site].append(incident_id)
    events = [
        ReviewEvent(
            id=uuid7(),
            source=device_source(site, GATEWAY),
            time=gateway.clock(),
            data=said.model_copy(update={"incidents": tuple(of)}),
        )
        for site, of in sorted(by_site.items())
    ]
    for event in events:
        await publish(gateway, event)

    def question(moment: StoresAsOf) -> list[IncidentAnswer] | None:
        view = moment.view(AlertingProjection)
        if not all(is_taken(view, event.id) for event in events):
            return None
        rows = [row for incident_id, _ in places if (row := incident(view, incident_id)) is not None]
        return answers(moment, rows)

    found = await until(lambda: gateway.ask_at(None, question), SEEN_S)
    if found is None:
        raise Problem(503, "the review was sent, and is not in the view of incidents yet", headers=RETRY)
    return ReviewsAnswer(reviews=[event.id for event in events], incidents=found)


PATH = "/api/v1/incident-reviews"
OPERATIONS = [
    Operation("POST", PATH, review, ReviewsAnswer, body=NewReview, status=201, also=(409,)),
    Operation("POST", f"{PATH}/{{id}}/undo", undo, ReviewsAnswer, OfReview, body=Undo, also=(409,)),
]
