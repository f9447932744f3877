"""The search parameters that incidents and alerts share."""

from consumers.engine.intervals import IntervalQuery, State
from gateway.http.parameters import AsOf, Name, Parameters, TimeRangeParameters, Word


class IntervalSearch(AsOf, TimeRangeParameters, Parameters):
    """By where it is, what it is, and when it was."""

    site: Name | None = None
    device: Name | None = None
    type: Word | None = None
    state: State | None = None

    def wanted(self, limit: int, after: str | None = None) -> IntervalQuery:
        return IntervalQuery(
            site=self.site,
            device=self.device,
            type=self.type,
            state=self.state,
            start=self.start,
            end=self.end,
            after=after,
            limit=limit,
        )
