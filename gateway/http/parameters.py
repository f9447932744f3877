"""The parameters in paths and queries: parsed and validated once, by pydantic."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bus_schemas.complaints import check_text
from bus_schemas.event import AFTER_LATEST, EARLIEST, NAME
from bus_schemas.limits import ADDRESS_ID, MAX_TEXT, SNAKE_CASE

MAX_POSITION = 2**63 - 1
MAX_SHOWN = 60
"""Characters of a key that somebody made up."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _in_our_times(moment: datetime) -> datetime:
    if not EARLIEST <= moment < AFTER_LATEST:
        raise ValueError("a moment between 1970 and 2200 is needed")
    return moment.astimezone(UTC)


def _calendar_date(text: Any) -> date:
    if isinstance(text, date):
        return text
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise ValueError("Invalid date format. Use YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"Invalid date format. Use YYYY-MM-DD; {error}") from error
    if not EARLIEST.year < day.year < AFTER_LATEST.year:
        raise ValueError("Invalid date: a year between 1971 and 2199 is needed")
    return day


def _listed(text: Any) -> Any:
    return tuple(part for part in text.split(",") if part) if isinstance(text, str) else text


Name = Annotated[str, Field(pattern=rf"^{NAME}$", description="Letters, digits, `_` and `-`, at most 64.")]
Person = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check_text)]
"""The name of a requester, for people to read."""
PersonText = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=r"\S"), AfterValidator(check_text)]
"""A text that somebody writes for others to read."""
Comment = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(check_text)]
Key = Annotated[str, Field(pattern=ADDRESS_ID)]
Word = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
ConditionType = Annotated[str, Field(pattern=SNAKE_CASE)]
"""The type of an incident or alert."""
Instant = Annotated[AwareDatetime, AfterValidator(_in_our_times)]
Day = Annotated[date, BeforeValidator(_calendar_date, json_schema_input_type=date)]
Position = Annotated[int, Field(ge=0, le=MAX_POSITION)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed), Field(max_length=64)]


class Parameters(BaseModel):
    """Path and query of one operation. A field whose name stands in the path is read from there."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=False, validate_by_alias=True)


@cache
def query_keys(model: type[Parameters], in_path: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The fields of the query: those that are not read from the path."""
    return tuple(field.alias or name for name, field in model.model_fields.items() if name not in in_path)


def complaint_about(query: Sequence[tuple[str, str]], known: Sequence[str]) -> str | None:
    """A sentence where a query holds a key that is not known, or one twice: neither must look as if it had counted."""
    keys = [key for key, _ in query]
    for key in keys:
        if key not in known:
            names = f"known are {', '.join(known)}" if known else "there are none here"
            return f"the query key {key[:MAX_SHOWN]!r} is not known; {names}"
        if keys.count(key) > 1:
            return f"the query key {key!r} is given {keys.count(key)} times"
    return None


class SignedBody(BaseModel):
    """The requester."""

    model_config = ConfigDict(extra="forbid")

    by: Person


class Nothing(Parameters):
    """No parameters."""


class OfSite(Parameters):
    site: Name


class OfDevice(OfSite):
    device: Name


class AsOf(BaseModel):
    """The moment of a state that is asked for."""

    as_of: Instant | None = Field(
        default=None, description="Answer as at this moment, which has passed; by default now. ISO 8601 with a zone."
    )


class AnyAsOf(AsOf, Parameters):
    """Everything at a moment."""


class SiteAsOf(AsOf, OfSite):
    """A site at a moment."""


class DeviceAsOf(AsOf, OfDevice):
    """A device at a moment."""


class OnDate(BaseModel):
    date: Day | None = Field(default=None, description="In the site's zone; default today.")


class AtMost(BaseModel):
    limit: int = Field(default=100, ge=1, le=1000)


class TimeRangeParameters(BaseModel):
    """From a moment up to another, half open; default the last 24 hours."""

    model_config = ConfigDict(frozen=True)

    start: Instant | None = Field(default=None, alias="from")
    end: Instant | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("from must be before to")
        return self

    def bounds(self, now: datetime, default: timedelta = timedelta(hours=24)) -> tuple[datetime, datetime]:
        """A bound that is not given follows from the other: `default` long, ending now."""
        if self.end is not None:
            return self.start or max(self.end - default, EARLIEST), self.end
        if self.start is not None and self.start >= now:
            return self.start, min(self.start + default, AFTER_LATEST)
        return self.start or now - default, now


class DeviceTimeRange(TimeRangeParameters, OfDevice):
    """A device between two moments."""
