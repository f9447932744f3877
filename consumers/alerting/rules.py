"""The rules of alerting: when a condition is an incident, when it is over, and the sentence that says so to people."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bus_schemas.alert import IncidentType
from bus_schemas.hub import PROCESS_SILENT_AFTER_S, FaultKind
from bus_schemas.node import HEARTBEAT_EVERY_S, STALE_AFTER_S
from consumers.store.journal.clock_ahead import AHEAD_US, NEVER_SET_BEFORE

RULE_VERSION: Final = 9
"""Counted up whenever the same events and the same values give other incidents."""
SILENT_HEARTBEATS: Final = 2.5
"""Fewer heartbeats that are missing say nothing: one may be late, one may be on its way."""
HEARTBEATS_S: Final = SILENT_HEARTBEATS * HEARTBEAT_EVERY_S
DAY_S: Final = 86_400.0
CLOCK_CLEAR_S: Final = 30.0
NOT_MEASURED_S: Final = 600.0
"""What a device that goes on has not measured for so long shows neither that it is bad nor that it is good."""
SAME_CAUSE_S: Final = 10.0
"""Picture and sound that fail within so long of each other have one cause."""
DEAF_AFTER_S: Final = 20.0
"""The hub beats every five seconds; after so long without it, it received nothing."""

_S: Final[dict[str, Any]] = {"unit": "s"}
_C: Final[dict[str, Any]] = {"unit": "°C"}
_PERCENT: Final[dict[str, Any]] = {"unit": "%"}


class AlertRules(BaseModel):
    """When people are alerted."""

    # As every part of the configuration: a complaint quotes nothing that was given.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    offline_after_s: float = Field(
        default=30, ge=1, le=DAY_S, json_schema_extra=_S,
        description="Seconds without anything received from a device, after which it is offline. Never before"
        f" {SILENT_HEARTBEATS:g} of its heartbeats are missing.",
    )  # fmt: skip
    hot_spot_c: float = Field(
        default=80, ge=-40, le=1000, json_schema_extra=_C, description="°C; a hotter pixel is a hot spot."
    )
    hot_spot_hysteresis_c: float = Field(
        default=2, ge=0, le=100, json_schema_extra=_C, description="°C below it that end the hot spot."
    )
    raise_share: float = Field(
        default=0.8, ge=0.01, le=1, json_schema_extra={"unit": ""},
        description="Share of bad frames in the window to raise.",
    )  # fmt: skip
    raise_window_s: float = Field(
        default=30, ge=1, le=3600, json_schema_extra=_S, description="Seconds of that window."
    )
    clear_after_s: float = Field(
        default=5, ge=0, le=DAY_S, json_schema_extra=_S, description="Seconds without a bad frame to clear."
    )
    hot_spot_clear_s: float = Field(
        default=30, ge=0, le=DAY_S, json_schema_extra=_S, description="Seconds below it, with that margin, to clear."
    )
    trend_after_s: float = Field(
        default=0, ge=0, le=DAY_S, json_schema_extra=_S,
        description="Seconds for which a region must be beyond a limit of its trend. 0 alerts at once.",
    )  # fmt: skip
    trend_hysteresis_c: float = Field(
        default=1,
        ge=0,
        le=100,
        json_schema_extra=_C,
        description="°C, or °C per minute, below that limit that end it; at most half of the limit.",
    )
    trend_clear_s: float = Field(
        default=30, ge=0, le=DAY_S, json_schema_extra=_S, description="Seconds below it, with that margin, to clear."
    )
    rise_window_s: float = Field(
        default=60, ge=10, le=3600, json_schema_extra=_S, description="Seconds over which a rise is measured."
    )
    sensor_fault_after_s: float = Field(
        default=10, ge=0, le=DAY_S, json_schema_extra=_S,
        description="Seconds for which a thermal sensor must report a fault.",
    )  # fmt: skip
    storage_low_percent: float = Field(
        default=85, ge=0, le=100, json_schema_extra=_PERCENT, description="Use of a disk from which it is low."
    )
    storage_critical_percent: float = Field(
        default=95, ge=0, le=100, json_schema_extra=_PERCENT, description="Use of a disk from which that is critical."
    )
    storage_hysteresis_percent: float = Field(
        default=2,
        ge=0,
        le=100,
        json_schema_extra=_PERCENT,
        description="So much less used, a disk is low no more.",
    )
    memory_percent: float = Field(
        default=95, ge=1, le=100, json_schema_extra=_PERCENT, description="Use of a machine's memory that is too much."
    )
    cpu_temperature_c: float = Field(
        default=80, ge=0, le=150, json_schema_extra=_C, description="°C at which a processor is too hot."
    )
    round_trip_s: float = Field(
        default=5, ge=0.01, le=3600, json_schema_extra=_S,
        description="Seconds in which the broker must acknowledge what an agent sends.",
    )  # fmt: skip
    machine_after_s: float = Field(
        default=60, ge=0, le=DAY_S, json_schema_extra=_S,
        description="Seconds for which memory, temperature or round trip is over its limit, or under it again.",
    )  # fmt: skip
    cool_down_s: float = Field(
        default=300, ge=0, le=DAY_S, json_schema_extra=_S,
        description="Seconds between two alerts of one kind and device, at least. What is worse does not wait.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _low_before_critical(self) -> Self:
        if self.storage_low_percent > self.storage_critical_percent:
            raise ValueError(
                f"storage_low_percent ({self.storage_low_percent:g}) must not be above"
                f" storage_critical_percent ({self.storage_critical_percent:g})"
            )
        return self

    @property
    def silent_after_s(self) -> float:
        """After how many seconds of silence an agent's device is offline: no threshold meets a heartbeat."""
        return max(self.offline_after_s, HEARTBEATS_S)

    def values(self) -> dict[str, float]:
        """By name."""
        return {name: float(value) for name, value in self.model_dump().items()}

    def changed(self, wanted: Mapping[str, Any]) -> "AlertRules":
        """The rules with these in place of theirs. Raises `BadRule`."""
        given = {name: _value(_known(name), value) for name, value in wanted.items()}
        try:
            return AlertRules.model_validate(self.values() | given)
        except ValidationError as error:
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise BadRule("storage_low_percent", message) from None

    def sentence(self, rule: str, silent_after_s: float | None = None) -> str:
        """The sentence of a rule with these values, and the silence that a device is allowed, by default that of the
        rules; the name of a rule that this release does not know.
        """
        template = SENTENCES.get(rule)
        if template is None:
            return rule
        values: dict[str, float] = {
            **self.values(),
            **_FIXED,
            "silent_after_s": self.silent_after_s if silent_after_s is None else silent_after_s,
            "raise_percent": self.raise_share * 100,
        }
        return _without_zeros(template.format_map({name: f"{value:g}" for name, value in values.items()}))


def _without_zeros(sentence: str) -> str:
    """No time to wait is none that is said."""
    return re.sub(r"\bafter 0 s\b", "at once", re.sub(r",? for 0 s\b", "", sentence))


class BadRule(ValueError):
    """A rule that does not exist, or a value out of its bounds; `rule` is its name as it was given."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class RuleField:
    """One value of the rules, as people are shown it."""

    name: str
    unit: str
    description: str
    minimum: float
    maximum: float


_SCHEMA: Final[dict[str, dict[str, Any]]] = AlertRules.model_json_schema()["properties"]


FIELDS: Final = {
    name: RuleField(name, one["unit"], one["description"], float(one["minimum"]), float(one["maximum"]))
    for name, one in _SCHEMA.items()
}
"""By name, in the order of the configuration."""

_FIXED: Final[Mapping[str, float]] = {
    "stale_after_s": STALE_AFTER_S,
    "clock_ahead_minutes": AHEAD_US / 60e6,
    "never_set_before": NEVER_SET_BEFORE.year,
    "clock_clear_s": CLOCK_CLEAR_S,
    "same_cause_s": SAME_CAUSE_S,
    "deaf_after_s": DEAF_AFTER_S,
    "process_silent_s": PROCESS_SILENT_AFTER_S,
}
"""Numbers in sentences that nobody can set."""
_FRAMES = "At least {raise_percent} % of the frames of {raise_window_s} s "
_TREND_OVER = " Over after {trend_clear_s} s below the limit by {trend_hysteresis_c} °C"
_AT_MOST_HALF = ", or by half of the limit where that is less."
_SENSOR = " for {sensor_fault_after_s} s. Over when it reports that they are not any more."
_SENTENCES: Final[Mapping[IncidentType | FaultKind, str]] = {
    "offline": "The connection of the device was lost, its capture stopped, its source could not be reached or nothing"
    " of it was received for {silent_after_s} s while the hub was listening. Over with the first picture or reading"
    " that was taken after that.",
    "node_offline": "The connection of the agent was lost, or nothing of all its devices was received for"
    " {silent_after_s} s while the hub was listening. Over when it reports again.",
    "degraded": "The device reports failing attempts to reach its source. Over when it reports another status; offline"
    " after {silent_after_s} s without a picture or reading.",
    "stale": "The device runs, but has had no frame for more than {stale_after_s} s. Over when it reports another"
    " status; offline after {silent_after_s} s more.",
    "blackscreen": _FRAMES + "were black. Over after {clear_after_s} s without a black frame.",
    "freeze": _FRAMES + "were frozen. Over after {clear_after_s} s without a frozen frame.",
    "corrupt_rows": _FRAMES
    + "were smeared: rows repeat the row above. Over after {clear_after_s} s without such a frame.",
    "macroblocks": _FRAMES + "were broken into blocks. Over after {clear_after_s} s without such a frame.",
    "audio_loss": _FRAMES
    + "had no audio; unknown audio does not count. Audio that fails within {same_cause_s} s of the"
    " picture is part of the incident of the picture. Over after {clear_after_s} s with audio.",
    "hot_spot": "A frame reached a warning threshold: of a region, or {hot_spot_c} °C anywhere, or it had what the"
    " settings of its device call a hot spot. Over after"
    " {hot_spot_clear_s} s below the threshold by {hot_spot_hysteresis_c} °C.",
    "temperature_rise": "A region rose faster than its limit for {trend_after_s} s, measured over {rise_window_s} s, or"
    " from one reading to the next where they are farther apart." + _TREND_OVER + " per minute" + _AT_MOST_HALF,
    "temperature_difference": "A region was warmer than the others of its group by more than its limit, for"
    " {trend_after_s} s." + _TREND_OVER + _AT_MOST_HALF,
    "above_ambient": "A region was warmer than its surroundings by more than its limit, for {trend_after_s} s."
    + _TREND_OVER
    + _AT_MOST_HALF,
    "sensor_frozen": "All frames of the thermal sensor were identical" + _SENSOR,
    "sensor_out_of_range": "Most pixels of the thermal sensor were beyond what it can measure" + _SENSOR,
    "sensor_chessboard": "The two half frames of the thermal sensor differed by more than the limit of its settings"
    + _SENSOR,
    "sensor_bad_pixels": "The thermal sensor had more bad pixels than its settings allow" + _SENSOR,
    "storage": "The disk is used by {storage_low_percent} % or more (critical from {storage_critical_percent} %), or"
    " cannot be written. Over when it falls {storage_hysteresis_percent} % below, and can be written.",
    "memory": "The machine of an agent used {memory_percent} % of its memory or more for {machine_after_s} s. Over"
    " when it was less for {machine_after_s} s.",
    "cpu_hot": "The processor of an agent's machine had {cpu_temperature_c} °C or more for {machine_after_s} s. Over"
    " when it was cooler for {machine_after_s} s.",
    "link_slow": "The broker took {round_trip_s} s or more to acknowledge what an agent sent, for {machine_after_s} s."
    " Over when it was quicker for {machine_after_s} s.",
    "clock": "The device said a time more than {clock_ahead_minutes} minutes ahead of the hub's, or one before"
    " {never_set_before}, as a computer does whose clock nobody has set. Over when what arrived of it for"
    " {clock_clear_s} s said right times.",
    "hub_deaf": "The hub wrote no heartbeat for more than {deaf_after_s} s: it received nothing then, and no device is"
    " offline for having been silent then. Over with its next heartbeat.",
    "system_error": "A part of the hub reports that it does not work as it should, or reports nothing for"
    " {process_silent_s} s. Over when it works again.",
    "database_error": "A database of the hub, or its journal, cannot be read or written. Over when it can be.",
    "storage_unwritable": "A disk of the hub cannot be written. Over when it can be.",
    "write_failed": "What the hub writes to the archive or to a bucket, or sends to a receiver of alerts, does not"
    " arrive there, or holds keep more recordings than their bound of bytes. Over when it does, or they do not.",
}
SENTENCES: Final[Mapping[str, str]] = {str(kind): sentence for kind, sentence in _SENTENCES.items()}
"""By type of incident; the names in braces are values of the rules, or fixed."""


def _known(name: str) -> RuleField:
    known = FIELDS.get(name)
    if known is not None:
        return known
    close = difflib.get_close_matches(name[:64], FIELDS, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(FIELDS)}"
    raise BadRule(name, f"there is no rule {name[:64]!r}; {hint}")


def _value(known: RuleField, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not known.minimum <= value <= known.maximum:
        bounds = f"{known.minimum:g} to {known.maximum:g}{' ' + known.unit if known.unit else ''}"
        raise BadRule(known.name, f"{known.name} is a number from {bounds}, not {str(value)[:32]!r}")
    return float(value)
