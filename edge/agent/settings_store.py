"""Keeps changed settings and answered requests in a file over restarts of the agent."""

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus_schemas.complaints import summary
from bus_schemas.node import Command
from bus_schemas.settings import AdjustableSettings
from producer.os_errors import is_of_disk
from producer.whole_file import write_whole

ANSWERS_KEPT: Final = 256

log = structlog.get_logger(__name__)


class UnusableSettings(BaseModel):
    """Settings that do not fit any more, as they were written, and the reason."""

    model_config = ConfigDict(frozen=True)

    settings: Any
    reason: str


class StoredSettings(BaseModel):
    """By source: changed settings, the settings of the last event, and those that no longer fit. `answers` holds the
    answers to the newest requests, by source and request id.
    """

    model_config = ConfigDict(frozen=True)

    changed: dict[str, AdjustableSettings] = Field(default_factory=dict)
    sent: dict[str, AdjustableSettings] = Field(default_factory=dict, serialization_alias="told")
    set_aside: dict[str, UnusableSettings] = Field(default_factory=dict)
    answers: dict[str, Command] = Field(default_factory=dict)


class SettingsStore:
    """For the devices `sources`. The file is replaced as a whole, so that a power cut leaves the old or the new one.
    `memory` has what the store before in this process held, for a disk that has died since. Writing raises `OSError`.
    """

    def __init__(self, path: Path, sources: Collection[str], memory: list[StoredSettings] | None = None) -> None:
        self._path = path
        self._memory = [] if memory is None else memory
        self._stored = self._load(sources)
        self._memory[:] = [self._stored]

    def current(self, source: str, configured: AdjustableSettings) -> AdjustableSettings:
        return self._stored.changed.get(source, configured)

    def sent(self, source: str) -> AdjustableSettings | None:
        """The settings of the last settings event of a source."""
        return self._stored.sent.get(source)

    def trouble(self, source: str) -> str | None:
        """Why the changed settings of a source are not in force, where that is so."""
        found = self._stored.set_aside.get(source)
        return None if found is None else f"its settings no longer fit, and the configuration holds: {found.reason}"

    def answer(self, source: str, request_id: str) -> Command | None:
        """The answer that this request got before."""
        return self._stored.answers.get(_key(source, request_id))

    def keep(self, source: str, adjustable: AdjustableSettings) -> Callable[[], None]:
        """Store changed settings. Returns a function that restores the previous ones."""
        before = self._stored
        aside = {key: value for key, value in before.set_aside.items() if key != source}
        changed = before.changed | {source: adjustable}
        self._save(before.model_copy(update={"changed": changed, "set_aside": aside}))
        return lambda: self._save(before)

    def was_sent(self, source: str, adjustable: AdjustableSettings) -> None:
        self._save(self._stored.model_copy(update={"sent": self._stored.sent | {source: adjustable}}))

    def remember(self, source: str, answer: Command) -> None:
        answers = self._stored.answers | {_key(source, answer.request_id): answer}
        newest = dict(list(answers.items())[-ANSWERS_KEPT:])
        self._save(self._stored.model_copy(update={"answers": newest}))

    def set_aside(self, source: str, reason: str) -> None:
        """Stop using changed settings that do not work: the configuration is in force until they are changed again."""
        changed = dict(self._stored.changed)
        gone = changed.pop(source)
        aside = self._stored.set_aside | {
            source: UnusableSettings(settings=gone.model_dump(mode="json"), reason=reason)
        }
        self._stored = self._stored.model_copy(update={"changed": changed, "set_aside": aside})
        log.error("settings set aside", device=source, reason=reason)
        self._try_to_save()

    def _load(self, sources: Collection[str]) -> StoredSettings:
        try:
            found = json.loads(self._path.read_bytes()) if self._path.exists() else {}
            return _read(found)
        except OSError as error:
            if self._memory and is_of_disk(error):
                return self._memory[0]
            return self._unreadable(sources, error.strerror or type(error).__name__)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            # Written by another version, or damaged.
            return self._unreadable(sources, type(error).__name__)

    def _unreadable(self, sources: Collection[str], why: str) -> StoredSettings:
        """Nobody knows which devices had changed settings. The file is kept under another name, where the disk allows
        that.
        """
        aside = self._path.with_suffix(".unreadable")
        reason = f"{self._path.name} could not be read ({why})"
        with suppress(OSError):
            self._path.replace(aside)
            reason += f", and is kept as {aside.name}"
        log.error("settings unreadable", reason=reason)
        self._stored = StoredSettings(
            set_aside={source: UnusableSettings(settings=None, reason=reason) for source in sources}
        )
        self._try_to_save()
        return self._stored

    def _try_to_save(self) -> None:
        try:
            self._save(self._stored)
        except OSError as error:
            log.warning("settings cannot be written", reason=error.strerror)

    def _save(self, stored: StoredSettings) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, stored.model_dump_json(indent=2, by_alias=True).encode())
        self._stored = stored
        self._memory[:] = [stored]


def _key(source: str, request_id: str) -> str:
    return f"{source} {request_id}"


def _read(found: dict[str, Any]) -> StoredSettings:
    """Entry by entry: one that does not fit costs only itself."""
    aside = dict(_fitting(found.get("set_aside", {}), UnusableSettings, lambda *_: None))

    def refused(source: str, given: Any, reason: str) -> None:
        aside[source] = UnusableSettings(settings=given, reason=reason)
        log.error("settings set aside", device=source, reason=reason)

    return StoredSettings(
        changed=dict(_fitting(found.get("changed", {}), AdjustableSettings, refused)),
        sent=dict(_fitting(found.get("told", {}), AdjustableSettings, lambda *_: None)),
        set_aside=aside,
        answers=dict(_fitting(found.get("answers", {}), Command, lambda *_: None)),
    )


def _fitting(
    entries: dict[str, Any], model: type[Any], refused: Callable[[str, Any, str], None]
) -> list[tuple[str, Any]]:
    fitting = []
    for source, given in entries.items():
        try:
            fitting.append((source, model.model_validate(given)))
        except ValidationError as error:
            refused(source, given, summary(error, given))
    return fitting
