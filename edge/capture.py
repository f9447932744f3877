"""The loop of one capture thread: open a source, hand on what it gives, and try again later where it cannot."""

import random
from collections.abc import Callable
from typing import Final

import structlog

from edge.health import SourceHealth
from edge.sources.source import Pause, Reading, Source, SourceEnded, SourceUnreachable

FIRST_RETRY_SECONDS: Final = 5.0
LAST_RETRY_SECONDS: Final = 300.0
JITTER: Final = 0.2

log = structlog.get_logger(__name__)


def capture(
    source: Source,
    health: SourceHealth,
    take: Callable[[Reading | None], None],
    stopped: Callable[[], bool],
    pause: Pause,
) -> None:
    """Until `stopped`, or until a recording that is played once is over. `take` gets None when nothing came."""
    while not stopped():
        try:
            _read(source, health, take, stopped)
        except SourceUnreachable as unreachable:
            failures = health.failed(str(unreachable))
            wait_s = retry_seconds(failures)
            log.warning("source unreachable", reason=str(unreachable), failures=failures, retry_s=round(wait_s, 1))
            pause(wait_s)
        except SourceEnded:
            health.stopped("the recording is over")
            log.info("recording over")
            return
    health.stopped("the agent stops")


def retry_seconds(failures: int) -> float:
    """5, 10, 20 … 300 s, each up to a fifth more or less, so that cameras behind one switch do not come at once."""
    wait_s = min(FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 10), LAST_RETRY_SECONDS)
    return wait_s * random.uniform(1 - JITTER, 1 + JITTER)


def _read(
    source: Source, health: SourceHealth, take: Callable[[Reading | None], None], stopped: Callable[[], bool]
) -> None:
    health.attempting()
    try:
        source.open()
        health.connected()
        while not stopped():
            take(source.read())
    finally:
        source.close()
        # A recorder has closed what was open: that is a segment too.
        take(None)
