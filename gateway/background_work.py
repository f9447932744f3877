"""Keeps the work of the gateway that nobody waits for going: an error in it costs a pause, and no answer to anybody."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from consumers.hub_faults import FaultReporter

AGAIN_S: Final = 1.0
SETTLED_S: Final = 30.0
"""Work that goes on for so long has left its failure behind."""

_log = structlog.get_logger()
Work = Callable[[], Coroutine[Any, Any, None]]


async def keep_going(part: str, work: Work, faults: FaultReporter) -> None:
    """Until cancelled, or until the work is done. A failure is a fault of the hub until the work goes on again."""
    while True:
        try:
            await _attempt(part, work, faults)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the process
            reason = f"{type(error).__name__}: {error}"
            _log.error("work of the gateway failed", part=part, reason=reason, exc_info=error)
            faults.raise_fault(part, "system_error", f"The gateway failed at {part}, and begins it again: {reason}")
        await asyncio.sleep(AGAIN_S)


async def _attempt(part: str, work: Work, faults: FaultReporter) -> None:
    settled = asyncio.get_running_loop().call_later(SETTLED_S, faults.clear_fault, part, "system_error")
    try:
        await work()
    finally:
        settled.cancel()
