"""Carries out the commands that concern the sources of one device: each begins at once, and some end later."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from bus_schemas.commands import ARGUMENTS, IdentifyArguments, NightModeArguments, RecordArguments
from bus_schemas.protocol import CommandRequest
from bus_schemas.setting_types import Section
from edge.agent.commands import CommandRefused, arguments_of
from edge.agent.device import DeviceRunner
from edge.agent.identification import machine
from edge.agent.pending_commands import CommandResult, UnfinishedCommand

SNAPSHOT_WITHIN_S: Final = 5.0
REOPENED_WITHIN_S: Final = 20.0
"""Less than the hub waits for an answer."""

Action = Callable[[DeviceRunner, Section], CommandResult | UnfinishedCommand]


def begin(device: DeviceRunner, name: str, request: CommandRequest) -> CommandResult | UnfinishedCommand:
    """Raises `CommandRefused`."""
    arguments = arguments_of(_MODELS[name], request)
    try:
        return _ACTIONS[name](device, arguments)
    except CommandRefused as refused:
        raise CommandRefused(str(refused), request.request_id, request.person) from refused


def _snapshot(device: DeviceRunner, _: Section) -> UnfinishedCommand:
    keys: deque[str] = deque()
    """Filled by the capture threads."""
    device.capture_now(keys.append)
    return UnfinishedCommand(
        lambda: CommandResult(media=tuple(keys)) if keys else None,
        lambda: f"no picture came within {SNAPSHOT_WITHIN_S:g} s",
        SNAPSHOT_WITHIN_S,
    )


def _record(device: DeviceRunner, arguments: Section) -> CommandResult:
    assert isinstance(arguments, RecordArguments)
    until = device.record_now(arguments.seconds).astimezone(device.settings.zone(device.adjustable))
    return CommandResult(f"it records until {until:%H:%M:%S %Z} at least")


def _night_mode(device: DeviceRunner, arguments: Section) -> CommandResult:
    assert isinstance(arguments, NightModeArguments)
    device.set_night(arguments.night, arguments.seconds)
    if arguments.night is None:
        return CommandResult("its settings decide again when it is night")
    return CommandResult(f"it is {'night' if arguments.night else 'day'} for {span_words(arguments.seconds)}")


def _reconnect(device: DeviceRunner, _: Section) -> UnfinishedCommand:
    return _reopen(device, rebuild=False)


def _restart(device: DeviceRunner, _: Section) -> UnfinishedCommand:
    return _reopen(device, rebuild=True)


def _reopen(device: DeviceRunner, *, rebuild: bool) -> UnfinishedCommand:
    began_s = time.monotonic()
    device.reopen(rebuild=rebuild)

    def result() -> CommandResult | None:
        facts = device.facts
        if all(one.came_s is not None and one.connected_s is not None and one.connected_s > began_s for one in facts):
            size = next((f" of {one.stream.width}x{one.stream.height}" for one in facts if one.stream), "")
            return CommandResult(f"it is open again, and gives frames{size}")
        return None

    return UnfinishedCommand(
        result,
        lambda: f"nothing came within {REOPENED_WITHIN_S:g} s: {device.health().reason or 'no reason is known'}",
        REOPENED_WITHIN_S,
    )


def _identify(device: DeviceRunner, arguments: Section) -> CommandResult:
    assert isinstance(arguments, IdentifyArguments)
    light = device.light.blink(arguments.seconds)
    shown = (
        f"its light {light} blinks for {span_words(arguments.seconds)}" if light else "it has no light that may blink"
    )
    return CommandResult(f"agent {device.node} on {machine()}; {shown}")


def span_words(seconds: float) -> str:
    """A time as people say it: in the largest unit of which it is a whole number."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = round(seconds / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:g} {'second' if seconds == 1 else 'seconds'}"


_ACTIONS: Final[Mapping[str, Action]] = {
    "snapshot": _snapshot,
    "record": _record,
    "night_mode": _night_mode,
    "reconnect": _reconnect,
    "restart": _restart,
    "identify": _identify,
}
_MODELS: Final[Mapping[str, type[Section]]] = {str(name): model for name, model in ARGUMENTS.items()}
