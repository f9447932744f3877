"""The answers about trials."""

from typing import Any

from pydantic import Field

from bus_schemas.alert import AlertLevelName
from consumers.alerting.what_if.trial import Counts, Found, RaisedAlert, State, Trial
from gateway.http.answers import Answer, Time


class RaisedAnswer(Answer):
    """An alert, as it was raised in the trial or live."""

    type: str
    site: str
    device: str
    opened: Time
    closed: Time | None = Field(description="None where it was not over at the end.")
    details: dict[str, Any]
    id: str
    level: AlertLevelName
    message: str
    live: str | None = Field(description="The id of the live alert that it goes with.")

    @classmethod
    def of(cls, alert: RaisedAlert) -> "RaisedAnswer":
        return cls.model_validate(alert, from_attributes=True)


class Summary(Answer):
    """`rules` are those that were named; all others are as they were in force, see `rule_set`."""

    id: str
    state: State
    progress: float = Field(description="The share that is done, 0 to 1.")
    since: Time
    until: Time
    site: str | None
    rules: dict[str, float]
    created: Time
    counts: Counts = Field(description="Zeros until it is done.")
    rule_set: dict[str, float]
    rule_version: int
    product: str = Field(description="The version of the product that ran it.")
    by: str
    analysis: bool
    analysis_version: str | None
    events: int = Field(description="How many were folded, with those shortly before and after the span.")
    analysed: int = Field(description="Events whose archived medium was analysed again.")
    media_gone: int = Field(description="Events that stayed as they were, for their medium is not kept.")
    journal: int = Field(description="The life of the journal that it was run over.")
    ended: Time | None
    error: str | None = Field(description="Why it failed.")

    @classmethod
    def of(cls, trial: Trial) -> "Summary":
        return cls.model_validate(summary(trial))


class TrialsAnswer(Answer):
    trials: list[Summary]


class Detailed(Summary):
    """The first 1,000 of each kind, in the order in which they were raised; the counts are of all."""

    raised: list[RaisedAnswer] = Field(description="All that the trial raised.")
    both: list[RaisedAnswer] = Field(
        description="Of these, what was raised live as well: of one kind, device and time."
    )
    only_trial: list[RaisedAnswer]
    only_live: list[RaisedAnswer]

    @classmethod
    def of_trial(cls, trial: Trial, found: list[tuple[Found, RaisedAlert]]) -> "Detailed":
        kinds: dict[str, list[RaisedAnswer]] = {"raised": [], "both": [], "only_trial": [], "only_live": []}
        for kind, alert in found:
            kinds[kind].append(RaisedAnswer.of(alert))
            if kind != "only_live":
                kinds["raised"].append(RaisedAnswer.of(alert))
        return cls.model_validate({**summary(trial), **kinds})


def summary(trial: Trial) -> dict[str, Any]:
    asked, outcome = trial.asked, trial.outcome
    found = {**dict(asked), **dict(outcome), "state": trial.state, "progress": round(trial.progress, 4)}
    return {name: found[name] for name in Summary.model_fields}
