"""Settings that people have changed and requests that were answered, kept in a file of the node over its restarts."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus_schemas.node import Command
from edge.agent.adjustable import Adjustable
from edge.agent.commands import sentences

ANSWERS_KEPT: Final = 256

log = structlog.get_logger(__name__)


class SetAside(BaseModel):
    """Settings that no longer fit, as they were written, and why."""

    model_config = ConfigDict(frozen=True)

    settings: Any
    reason: str


class Stored(BaseModel):
    """By source: what people have set, what the configuration said when the node last told of it, and what does not fit
    any more. `answers` are those to the newest requests, by source and request id.
    """

    model_config = ConfigDict(frozen=True)

    changed: dict[str, Adjustable] = Field(default_factory=dict)
    told: dict[str, Adjustable] = Field(default_factory=dict)
    set_aside: dict[str, SetAside] = Field(default_factory=dict)
    answers: dict[str, Command] = Field(default_factory=dict)


class SettingsStore:
    """Replaced as a whole, so that a power cut leaves the old or the new one. Writing raises `OSError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stored = self._load()

    def current(self, source: str, configured: Adjustable) -> Adjustable:
        return self._stored.changed.get(source, configured)

    def told(self, source: str) -> Adjustable | None:
        return self._stored.told.get(source)

    def trouble(self, source: str) -> str | None:
        """Why what people had set for a source does not hold, where that is so."""
        found = self._stored.set_aside.get(source)
        return None if found is None else f"its settings no longer fit, and the configuration holds: {found.reason}"

    def answer(self, source: str, request_id: str) -> Command | None:
        """What was answered to this request before."""
        return self._stored.answers.get(_key(source, request_id))

    def keep(self, source: str, adjustable: Adjustable) -> None:
        aside = {key: value for key, value in self._stored.set_aside.items() if key != source}
        changed = self._stored.changed | {source: adjustable}
        self._save(self._stored.model_copy(update={"changed": changed, "set_aside": aside}))

    def tell(self, source: str, adjustable: Adjustable) -> None:
        self._save(self._stored.model_copy(update={"told": self._stored.told | {source: adjustable}}))

    def remember(self, source: str, answer: Command) -> None:
        answers = self._stored.answers | {_key(source, answer.request_id): answer}
        newest = dict(list(answers.items())[-ANSWERS_KEPT:])
        self._save(self._stored.model_copy(update={"answers": newest}))

    def set_aside(self, source: str, reason: str) -> None:
        """What people had set cannot be used: the configuration holds until they set something else."""
        changed = dict(self._stored.changed)
        gone = changed.pop(source)
        aside = self._stored.set_aside | {source: SetAside(settings=gone.model_dump(mode="json"), reason=reason)}
        self._stored = self._stored.model_copy(update={"changed": changed, "set_aside": aside})
        log.error("settings set aside", device=source, reason=reason)
        try:
            self._save(self._stored)
        except OSError as error:
            log.warning("settings cannot be written", reason=error.strerror)

    def _load(self) -> Stored:
        try:
            found = json.loads(self._path.read_bytes()) if self._path.exists() else {}
            return _read(found)
        except OSError as error:
            log.error("settings unreadable", reason=error.strerror)
            return Stored()
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            # Of another version, or torn by something else than us: kept for whoever looks.
            aside = self._path.with_suffix(".unreadable")
            self._path.replace(aside)
            log.error("settings unreadable", moved_to=aside.name, reason=type(error).__name__)
            return Stored()

    def _save(self, stored: Stored) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(stored.model_dump_json(indent=2).encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        self._stored = stored


def _key(source: str, request_id: str) -> str:
    return f"{source} {request_id}"


def _read(found: dict[str, Any]) -> Stored:
    """Entry by entry: what does not fit costs itself, and what people had set is not forgotten."""
    aside = dict(_fitting(found.get("set_aside", {}), SetAside, lambda *_: None))

    def refused(source: str, given: Any, reason: str) -> None:
        aside[source] = SetAside(settings=given, reason=reason)
        log.error("settings set aside", device=source, reason=reason)

    return Stored(
        changed=dict(_fitting(found.get("changed", {}), Adjustable, refused)),
        told=dict(_fitting(found.get("told", {}), Adjustable, lambda *_: None)),
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
            refused(source, given, sentences(error))
    return fitting
