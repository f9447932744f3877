"""Retries work that failed, with a pause of its own for each, and reports it as a fault of the hub while it fails."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import structlog

from consumers.engine.damaged_views import ViewDamaged
from consumers.engine.deliverer import Failed
from consumers.engine.folding import is_the_machines
from consumers.engine.follower import Stopped
from consumers.engine.set_aside import SetAsideEvent
from consumers.hub_faults import FaultReporter, Key, key_of
from consumers.store.journal.store import JournalAway
from producer.backoff import Backoff
from producer.os_errors import describe_storage_error

AGAIN: Final = Backoff(1.0, 60.0)
AGAIN_SOON: Final = Backoff(1.0, 5.0)
"""For a disk without room, a lock, a journal that is away."""
BRIEF_S: Final = 5.0
"""A failure that passes sooner is only logged."""

DEGRADED_FOR: Final = timedelta(minutes=15)
"""A consumer counts as degraded for this long after it has set an event aside."""

LastSetAside = Callable[[], SetAsideEvent | None]
IsRefolding = Callable[[], bool]

log = structlog.get_logger()

Result = TypeVar("Result")


@dataclass(slots=True)
class _Failing:
    """Work that fails, since when, and when it is due again."""

    since: float
    failures: int = 0
    due: float = 0.0
    reason: str = ""
    fault: Key | None = None


class Attempts:
    """Work by name. Nothing that it raises goes further, but `raises`."""

    def __init__(
        self,
        faults: FaultReporter | None = None,
        raises: type[Exception] | tuple[type[Exception], ...] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._faults = faults
        self._raises = raises
        self._monotonic = monotonic
        self._failing: dict[str, _Failing] = {}
        self._watched: dict[str, LastSetAside] = {}
        self._refolding: dict[str, IsRefolding] = {}
        self._limping: set[str] = set()
        self._journal_due = 0.0

    def watch(self, name: str, last_set_aside: LastSetAside, is_refolding: IsRefolding | None = None) -> None:
        """Report a consumer that has set events aside lately, though it goes on. A consumer that failed before its view
        began anew counts as failing until the view answers again.
        """
        self._watched[name] = last_set_aside
        if is_refolding is not None:
            self._refolding[name] = is_refolding

    def act(self, name: str, work: Callable[[], Result], part: str | None = None) -> Result | None:
        """Do it, unless it failed a moment ago. `part` is what a fault of it is called."""
        failing, now = self._failing.get(name), self._monotonic()
        if self._journal_due > now or (failing is not None and failing.due > now):
            return None
        try:
            result = work()
        except self._raises:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one task raises, the others go on
            self._fail(name, part or name, error)
            return None
        if failing is not None and not (name in self._refolding and self._refolding[name]()):
            self._recover(name, failing)
        if name in self._watched:
            self._report_degraded(name, self._watched[name]())
        return result

    def _fail(self, name: str, part: str, error: Exception) -> None:
        now = self._monotonic()
        failing = self._failing.setdefault(name, _Failing(now))
        passes = is_the_machines(error)
        failing.failures += 1
        failing.due = now + (AGAIN_SOON if passes else AGAIN).after(failing.failures)
        if isinstance(error, JournalAway):
            # Whoever asks it waits as long for its answer as this one did.
            self._journal_due = failing.due
        reason = _sentence(part, error)
        if reason != failing.reason:
            _log(part, error, passes)
        failing.reason = reason
        is_brief = passes or isinstance(error, Failed)
        if self._faults is not None and (not is_brief or now - failing.since >= BRIEF_S):
            key = key_of(error, part)
            if failing.fault not in (None, key):
                self._faults.clear_fault(*failing.fault)
            failing.fault = key
            self._faults.raise_fault(*key, reason)

    def _recover(self, name: str, failing: _Failing) -> None:
        del self._failing[name]
        log.info("going on", consumer=name, after_s=round(self._monotonic() - failing.since, 1))
        others = {other.fault for other in self._failing.values()}
        if self._faults is not None and failing.fault is not None and failing.fault not in others:
            self._faults.clear_fault(*failing.fault)

    def _report_degraded(self, name: str, last: SetAsideEvent | None) -> None:
        # What is yet to come was set aside by a clock that was set back since.
        limps = last is not None and abs(datetime.now(UTC) - datetime.fromisoformat(last.at)) < DEGRADED_FOR
        if limps and last is not None and self._faults is not None:
            self._limping.add(name)
            self._faults.raise_fault(name, "system_error", degraded_sentence(name, last))
        elif name in self._limping and self._faults is not None:
            self._limping.discard(name)
            self._faults.clear_fault(name, "system_error")


def degraded_sentence(name: str, last: SetAsideEvent) -> str:
    return (
        f"The consumer {name} set an event aside that it could not take: position {last.position:,}, {last.type} of"
        f" {last.source}: {last.error}. A rebuild tries it again."
    )


def _sentence(part: str, error: Exception) -> str:
    if isinstance(error, Stopped):
        return f"The consumer {error} It is tried again."
    if isinstance(error, ViewDamaged):
        return f"The consumer {part} has lost its file: {error}."
    if isinstance(error, OSError | MemoryError):
        return f"{part} waits: {describe_storage_error(error)}"
    return f"{part} waits: {type(error).__name__}: {error}"


def _log(part: str, error: Exception, passes: bool) -> None:
    if isinstance(error, Stopped):
        log.error("consumer stopped", consumer=part, reason=str(error), position=error.failure.position)
    elif passes or isinstance(error, Failed):
        log.warning("waiting", consumer=part, reason=str(error))
    else:
        log.error("consumer failed", consumer=part, reason=str(error), exc_info=error)
