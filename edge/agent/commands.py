"""Parses and validates command requests; an invalid one is refused with a sentence."""

from typing import Final

from pydantic import ValidationError

from bus_schemas.complaints import summary
from bus_schemas.protocol import CommandRequest
from bus_schemas.settings import SettingsChange
from bus_schemas.topics import UnknownTopic, parse

SETTINGS: Final = "settings"
SNAPSHOT: Final = "snapshot"
NAMES: Final = (SETTINGS, SNAPSHOT)
MAX_BYTES: Final = 256 * 1024
LONGEST_DETAIL: Final = 500


class CommandRefused(ValueError):
    """The request cannot be carried out. The message says why."""

    def __init__(self, reason: str, request_id: str = "unknown", by: str | None = None) -> None:
        super().__init__(reason)
        self.request_id = request_id
        self.by = by


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
    try:
        return SettingsChange.model_validate(request.settings)
    except ValidationError as error:
        raise CommandRefused(summary(error), request.request_id, request.person) from error
