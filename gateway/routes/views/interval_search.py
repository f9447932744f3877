"""The search parameters that incidents and alerts share, and the names of their places."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from bus_schemas.event import HUB
from consumers.engine.intervals import IntervalQuery, State
from consumers.site_registry import Registered
from gateway.http.answers import Answer
from gateway.http.parameters import AsOf, ConditionType, Key, Name, Parameters, TimeRangeParameters

HUB_NAME = "Hub"


class IntervalSearch(AsOf, TimeRangeParameters, Parameters):
    """By where it is, what it is, and when it was."""

    site: Name | None = None
    device: Name | None = None
    type: ConditionType | None = None
    state: State | None = None
    id: Key | None = Field(default=None, description="That one alone; an empty list says that there is none.")

    def wanted(self, limit: int, after: str | None = None) -> IntervalQuery:
        return IntervalQuery(
            site=self.site,
            device=self.device,
            type=self.type,
            state=self.state,
            id=self.id,
            start=self.start,
            end=self.end,
            after=after,
            limit=limit,
        )


class Located(Answer):
    """The place of a device, with the names that it and its site had at the moment that is asked about."""

    site: str
    site_name: str
    time_zone: str = Field(description="IANA zone: the days and hours that people see.")
    device: str
    device_name: str


def located(answer: Mapping[str, Any], registered: Registered) -> dict[str, Any]:
    """The answer, with the names of its place."""
    site, device = answer["site"], answer["device"]
    return {
        **answer,
        "site_name": HUB_NAME if site == HUB else registered.site_name(site),
        "time_zone": registered.zone(site).key,
        "device_name": HUB_NAME if device == HUB else registered.name(site, device),
    }


def lasted_s(since: str, duration_s: float | None, now: datetime) -> float:
    """The seconds that something held, until now where it still does."""
    if duration_s is not None:
        return duration_s
    return max(0.0, round((now - datetime.fromisoformat(since)).total_seconds(), 3))
