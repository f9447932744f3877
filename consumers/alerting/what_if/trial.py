"""The request of a trial, its outcome, and the alerts that it would have raised."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

State = Literal["running", "done", "failed", "cancelled", "interrupted"]
Found = Literal["both", "only_trial", "only_live"]
"""In which of the two an alert was raised: in the trial and live, or in one of them alone."""


class _StoredModel(BaseModel):
    """Kept as JSON in the trial's file."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TrialRequest(_StoredModel):
    """`rules` are those that were named, `rule_set` all that the trial has; `settings` replace those of the devices."""

    id: str
    created: datetime
    by: str
    since: datetime
    until: datetime
    site: str | None = None
    rules: dict[str, float] = {}
    rule_set: dict[str, float]
    analysis: bool = False
    settings: dict[str, Any] = {}
    rule_version: int
    product: str


class Counts(_StoredModel):
    """`raised` in the trial: `both` and `only_trial` together."""

    raised: int = 0
    both: int = 0
    only_trial: int = 0
    only_live: int = 0


class TrialOutcome(_StoredModel):
    """What was read and made: events of the positions `first` to `last` of a journal, and by whom they were analysed.

    `journal` is the life of the journal; `media_gone` counts events that could not be analysed again and stayed as
    they were.
    """

    journal: int = 0
    first: int = 0
    last: int = 0
    events: int = 0
    analysis_version: str | None = None
    analysed: int = 0
    media_gone: int = 0
    counts: Counts = Counts()
    ended: datetime | None = None
    error: str | None = None


class RaisedAlert(_StoredModel):
    """An alert; `closed` is `None` where it was not over at the end. `live` is the live one that it goes with."""

    id: str
    type: str
    site: str
    device: str
    opened: datetime
    closed: datetime | None
    level: str
    message: str
    details: dict[str, Any]
    live: str | None = None


class Trial(_StoredModel):
    """`progress` is the share of the time range that was folded."""

    asked: TrialRequest
    state: State
    progress: float
    outcome: TrialOutcome
