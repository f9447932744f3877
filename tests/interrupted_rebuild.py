"""A rebuild of a thousand events that a test interrupts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import Event
from consumers.alerting.projection import AlertingProjection
from consumers.engine.projection import Projection
from consumers.engine.rebuild.request import RebuildReport, RebuildRequest
from consumers.engine.rebuild.whole import rebuild
from tests.builders import at, frame, tick
from tests.following import Followed

SECONDS = 600
STEP = 400


def events(count: int = SECONDS) -> Iterator[Event]:
    for second in range(count):
        yield frame(at(second), id=f"frame-{second}", freeze=second % 200 > 120)
        yield tick(at(second + 0.5), id=f"tick-{second}", uptime_s=float(second))


class Yard(Followed):
    """Alerting of a thousand events, and a rebuild of them that a test interrupts."""

    def __init__(self, data: Path) -> None:
        super().__init__(AlertingProjection(), data, events())

    def interrupt(self, after: int) -> None:
        def progress(done: int, of: int) -> None:
            if done >= after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rebuild(self.projection, self.source, progress)

    def go_on(
        self, projection: Projection | None = None, request: RebuildRequest | None = None, source: Any = None
    ) -> RebuildReport:
        rebuilt = rebuild(projection or self.projection, source or self.source, request=request)
        assert rebuilt is not None
        return rebuilt
