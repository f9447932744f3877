"""Parses and validates command requests; an invalid one is refused with a sentence."""

from collections.abc import Sequence
from typing import Final, TypeVar, get_args

from pydantic import ValidationError

from bus_schemas.commands import CommandName
from bus_schemas.complaints import summary
from bus_schemas.protocol import CommandRequest
from bus_schemas.setting_types import Section
from bus_schemas.settings import SettingsChange
from bus_schemas.topics import UnknownTopic, parse
from edge.agent.settings import DeviceSettings

SETTINGS: Final = "settings"
SNAPSHOT: Final = "snapshot"
NAMES: Final[tuple[str, ...]] = get_args(CommandName)
CAMERA_ONLY: Final = frozenset({"record", "night_mode"})
MAX_BYTES: Final = 256 * 1024
LONGEST_DETAIL: Final = 500

S = TypeVar("S", bound=Section)


class CommandRefused(ValueError):
    """The request cannot be carried out. The message says why."""

    def __init__(self, reason: str, request_id: str = "unknown", by: str | None = None) -> None:
        super().__init__(reason)
        self.request_id = request_id
        self.by = by


def offered(settings: DeviceSettings) -> tuple[str, ...]:
    """The commands that a device can carry out."""
    left_out = CAMERA_ONLY if settings.visual is None else frozenset[str]()
    if not settings.rates.record:
        left_out |= {"record"}
    return tuple(name for name in NAMES if name not in left_out)


def check_offered(name: str, known: Sequence[str], request: CommandRequest) -> None:
    """Raises `CommandRefused`."""
    if name not in known:
        reason = f"'{name}' is not known here; known are {', '.join(known)}"
        raise CommandRefused(reason, request.request_id, request.person)


def read_request(payload: bytes) -> CommandRequest:
    """Raises `CommandRefused`."""
    if len(payload) > MAX_BYTES:
        raise CommandRefused(f"the request has {len(payload)} bytes; at most {MAX_BYTES} are read")
    try:
        return CommandRequest.model_validate_json(payload)
    except ValidationError as error:
        raise CommandRefused(f"the request cannot be read: {summary(error)}") from error


def command_of(topic: str) -> tuple[str, str, str] | None:
    """Site, device and command name of a topic."""
    try:
        parsed = parse(topic)
    except UnknownTopic:
        return None
    return (parsed.site, parsed.device, parsed.name) if parsed.channel == "command" and parsed.name else None


def change_of(request: CommandRequest) -> SettingsChange:
    """The sections that the request changes. Raises `CommandRefused` where any of them is invalid."""
    return _read(SettingsChange, request.settings, request)


def arguments_of(model: type[S], request: CommandRequest) -> S:
    """Raises `CommandRefused` where any of them is invalid."""
    return _read(model, request.arguments, request)


def _read(model: type[S], given: object, request: CommandRequest) -> S:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise CommandRefused(summary(error, given), request.request_id, request.person) from error
