"""Routes that start, list, show and cancel trials."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bus_schemas.setting_types import Section
from bus_schemas.settings import PictureSettings, Rois, ThermographySettings
from consumers.alerting.rules import RULE_VERSION, BadRule
from consumers.alerting.terms import registered
from consumers.alerting.what_if import files
from consumers.alerting.what_if.trial import TrialRequest
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import Instant, Key, Name, Nothing, Parameters, Person
from gateway.http.problems import InvalidField, Problem
from gateway.messages.ids import uuid7
from gateway.routes.devices.commands import NOBODY
from gateway.routes.lookup import require_site
from gateway.routes.trials.answers import Detailed, Summary, TrialsAnswer
from gateway.trials import NoTrials


class TrialSettings(Section):
    """For an analysis, in place of what was set for the devices."""

    picture: PictureSettings | None = None
    rois: Rois | None = None
    thermography: ThermographySettings | None = None


class NewTrial(BaseModel):
    """A span of event time, up to now, and the rules that are to be others than those in force."""

    model_config = ConfigDict(extra="forbid")

    since: Instant
    until: Instant
    site: Name | None = None
    rules: dict[str, Any] = Field(default_factory=dict, max_length=64, description="Values by name; see /api/v1/rules.")
    analysis: bool = Field(default=False, description="Analyse the archived media again, and judge by that.")
    settings: TrialSettings = TrialSettings()
    by: Person = NOBODY

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.since >= self.until:
            raise ValueError("since must be before until")
        if self.settings != TrialSettings() and not self.analysis:
            raise ValueError("settings are those of an analysis: ask for analysis as well")
        return self


class OfTrial(Parameters):
    id: Key


class Begun(Answer):
    id: str
    state: Literal["running"]


class EndedAnswer(Answer):
    id: str
    state: Literal["cancelled", "removed"]


async def ask(call: Call[Nothing]) -> Begun:
    """Fold a time range of the journal with other rules, beside the product, and compare with what was raised."""
    gateway, wanted = call.gateway, await call.body(NewTrial)
    if wanted.since >= gateway.clock():
        raise Problem(400, "the body does not fit: since: is in the future, of which nothing is known")
    if wanted.site is not None:
        await require_site(gateway, wanted.site)
    asked = await _asked(gateway, wanted)
    try:
        await gateway.ask(lambda _: gateway.trials.start(gateway.hub, asked))
    except files.TrialRunning as running:
        raise Problem(409, str(running)) from running
    except NoTrials as nowhere:
        raise Problem(503, str(nowhere)) from nowhere
    return Begun(id=asked.id, state="running")


async def _asked(gateway: Gateway, wanted: NewTrial) -> TrialRequest:
    known = await gateway.ask(lambda stores: stores.registered())
    try:
        made = registered(known).rules.changed(wanted.rules)
    except BadRule as bad:
        raise Problem(400, f"rules: {bad}", [InvalidField(path=f"rules.{bad.rule[:64]}", message=str(bad))]) from bad
    return TrialRequest(
        id=uuid7(),
        created=gateway.clock(),
        by=wanted.by,
        since=wanted.since,
        until=min(wanted.until, gateway.clock()),
        site=wanted.site,
        rules=wanted.rules,
        rule_set=made.values(),
        analysis=wanted.analysis,
        settings=wanted.settings.model_dump(mode="json", exclude_none=True),
        rule_version=RULE_VERSION,
        product=gateway.settings.version,
    )


async def trials(call: Call[Nothing]) -> TrialsAnswer:
    """The trials that are kept, newest first: at most 20."""
    data = call.gateway.hub.data
    found = await call.gateway.ask(lambda _: files.trials(data))
    return TrialsAnswer(trials=[Summary.of(one) for one in found])


async def trial(call: Call[OfTrial]) -> Detailed:
    """A trial, what it raised, and how that compares with what was raised live."""
    data, wanted = call.gateway.hub.data, call.parameters.id
    try:
        return Detailed.of_trial(*await call.gateway.ask(lambda _: files.trial(data, wanted)))
    except files.NoTrial as missing:
        raise Problem(404, str(missing)) from missing


async def end(call: Call[OfTrial]) -> EndedAnswer:
    """Cancel a trial that is running, which then stays to be seen; remove any other."""
    data, wanted = call.gateway.hub.data, call.parameters.id
    try:
        state = await call.gateway.ask(lambda _: files.cancel_or_remove(data, wanted))
    except files.NoTrial as missing:
        raise Problem(404, str(missing)) from missing
    return EndedAnswer(id=wanted, state="cancelled" if state else "removed")


OPERATIONS = [
    Operation("POST", "/api/v1/trials", ask, Begun, body=NewTrial, status=202, also=(409,)),
    Operation("GET", "/api/v1/trials", trials, TrialsAnswer),
    Operation("GET", "/api/v1/trials/{id}", trial, Detailed, OfTrial),
    Operation("DELETE", "/api/v1/trials/{id}", end, EndedAnswer, OfTrial),
]
