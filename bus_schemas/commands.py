"""The commands that the devices of an agent know, with the arguments of each.

A foreign device may know others: what a device knows stands in its heartbeat.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from bus_schemas.setting_types import Number, Section, Switch, unit

CommandName = Literal[
    "settings", "snapshot", "record", "night_mode", "reconnect", "restart", "restart_agent", "identify"
]


class NoArguments(Section):
    """The parameters of a command that takes none."""


class RecordArguments(Section):
    """Record from now on, whatever the mode of recording is."""

    seconds: Annotated[Number, Field(ge=1, le=3600, json_schema_extra=unit("s"))] = 60.0


class NightModeArguments(Section):
    """Take it for night, or for day, for a while; without `night` its settings decide again."""

    night: Switch | None = None
    seconds: Annotated[Number, Field(ge=10, le=86_400, json_schema_extra=unit("s"))] = 43_200.0


class IdentifyArguments(Section):
    """Say which machine it is, and let a light of it blink where it has one."""

    seconds: Annotated[Number, Field(ge=1, le=300, json_schema_extra=unit("s"))] = 15.0


ARGUMENTS: Final[Mapping[CommandName, type[Section]]] = {
    "snapshot": NoArguments,
    "record": RecordArguments,
    "night_mode": NightModeArguments,
    "reconnect": NoArguments,
    "restart": NoArguments,
    "restart_agent": NoArguments,
    "identify": IdentifyArguments,
}
"""By command; `settings` has sections in their place."""
