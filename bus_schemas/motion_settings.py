"""When a change of the picture counts as motion, and of which class a motion is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from bus_schemas.complaints import refuse_duplicates
from bus_schemas.recording_settings import MAX_WINDOWS, ScheduleWindow, in_schedule
from bus_schemas.setting_types import Number, Section, Whole, unit

MAX_CLASSES: Final = 16
CLASS_NAME: Final = r"^[a-z][a-z0-9_]{0,31}$"
LONGEST_S: Final = 86_400
WORKING_HOURS: Final = ScheduleWindow(days=("mon", "tue", "wed", "thu", "fri"), start="08:00", end="17:00")

Seconds = Annotated[Number, Field(ge=0, le=LONGEST_S, json_schema_extra=unit("s"))]
Percent = Annotated[Number, Field(ge=0, le=100, json_schema_extra=unit("%"))]
TurnRate = Annotated[Number, Field(ge=0, le=100, json_schema_extra=unit("1/s"))]
Ratio = Annotated[Number, Field(ge=0, le=1000)]


class MotionSettings(Section):
    """When a change of the picture counts as motion."""

    sensitivity: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=25, description="0 sees nothing, 1 only large changes, 100 the slightest."
    )
    min_area: Annotated[Whole, Field(ge=100, le=10_000, json_schema_extra=unit("px"))] = Field(
        default=500, description="Pixels of the camera's picture; what moves in less is ignored."
    )
    confirm_s: Annotated[Number, Field(ge=0, le=10, json_schema_extra=unit("s"))] = Field(
        default=0.3, description="For so long something must move before it is a motion."
    )
    quiet_s: Annotated[Number, Field(ge=0.5, le=60, json_schema_extra=unit("s"))] = Field(
        default=3.0, description="Without movement for so long a motion is over."
    )
    cool_down_s: Annotated[Number, Field(ge=0, le=3600, json_schema_extra=unit("s"))] = Field(
        default=0.0, description="After the end of a motion no other begins for so long."
    )


class EventClassRule(Section):
    """What a motion of one class is like. All of it must hold; of several rules the first decides."""

    name: Annotated[str, Field(strict=True, pattern=CLASS_NAME)] = Field(description="As `person`, unique.")
    min_size: Percent = Field(default=0.0, description="Share of the picture that the largest moving part takes.")
    max_size: Percent = Field(default=100.0, description="The same, at most.")
    min_ratio: Ratio = Field(default=0.0, description="Its width by its height: below 1 it is upright.")
    max_ratio: Ratio = Field(default=1000.0, description="The same, at most.")
    min_duration_s: Seconds = Field(default=0.0, description="How long it moves.")
    max_duration_s: Seconds = Field(default=float(LONGEST_S), description="The same, at most.")
    min_turns: TurnRate = Field(default=0.0, description="How often a second it changes its direction.")
    max_turns: TurnRate = Field(default=100.0, description="The same, at most.")
    hours: tuple[ScheduleWindow, ...] = Field(
        default=(), max_length=MAX_WINDOWS, description="When it may be, by the clock of the site; none is always."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        for field in ("size", "ratio", "duration_s", "turns"):
            least, most = getattr(self, f"min_{field}"), getattr(self, f"max_{field}")
            if least > most:
                raise ValueError(f"'{self.name}': min_{field} ({least:g}) must not be above max_{field} ({most:g})")
        return self


def _check_classes(rules: tuple[EventClassRule, ...]) -> tuple[EventClassRule, ...]:
    refuse_duplicates("class", [rule.name for rule in rules], "in one device")
    return rules


USUAL_CLASSES: Final = (
    EventClassRule(name="maintenance", min_size=30.0, min_duration_s=120.0, hours=(WORKING_HOURS,)),
    EventClassRule(name="animal", max_size=20.0, min_turns=0.6),
    EventClassRule(name="vehicle", min_size=2.0, min_ratio=1.3),
    EventClassRule(name="person", max_size=60.0, max_ratio=1.0, min_duration_s=1.0),
)
EventClasses = Annotated[
    tuple[EventClassRule, ...],
    Field(max_length=MAX_CLASSES, description="By which rules a motion has its class; the first that fits decides."),
    AfterValidator(_check_classes),
]


class MotionShape(Section):
    """What is known of a motion: size in percent of the picture, ratio of width and height, seconds, turns a second."""

    size: float
    ratio: float
    duration_s: float
    turns: float


def class_of(rules: Sequence[EventClassRule], shape: MotionShape, local: datetime) -> str | None:
    """The class of a motion at a moment in the zone of the site; `None` where no rule fits."""
    return next((rule.name for rule in rules if _fits(rule, shape, local)), None)


def _fits(rule: EventClassRule, shape: MotionShape, local: datetime) -> bool:
    return (
        rule.min_size <= shape.size <= rule.max_size
        and rule.min_ratio <= shape.ratio <= rule.max_ratio
        and rule.min_duration_s <= shape.duration_s <= rule.max_duration_s
        and rule.min_turns <= shape.turns <= rule.max_turns
        and (not rule.hours or in_schedule(rule.hours, local))
    )
