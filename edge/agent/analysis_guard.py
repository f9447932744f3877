"""Catches what the analysis of a frame raises: counts it, logs each reason once, and reports a high failure rate."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from edge.agent.health import SourceHealth
from edge.capture.loop import Reports
from edge.capture.sources.failure_reasons import describe_error
from producer.outbox.tables import Draft

FRAMES: Final = 50
REPORTED_SHARE: Final = 0.1
FEWEST: Final = 3


class AnalysisGuard:
    """For the frames of one source, in its capture thread. `standing` is a lasting fault of the analysis."""

    def __init__(
        self, name: str, health: SourceHealth, redact: Callable[[str], str], standing: str | None = None
    ) -> None:
        self._health = health
        self._redact = redact
        self._reports = Reports(f"{name} analysis", redact)
        self._lost: deque[bool] = deque(maxlen=FRAMES)
        self._standing = standing
        self.also: str | None = None
        """Another lasting fault."""
        self._trouble: str | None = None
        self.lost = 0
        self.failure: str | None = None
        """Why the analysis of the last frame failed; `None` where it did not."""

    def drafts(self, analyse: Callable[[], Sequence[Draft]]) -> list[Draft]:
        """The drafts of a frame; none where its analysis fails."""
        try:
            found = list(analyse())
        except BaseException as error:  # noqa: BLE001  (a frame that cannot be analysed costs itself)
            self.lost += 1
            reason = self.failure = describe_error(error, self._redact)
            self._reports.failure(error, reason, frames_lost=self.lost)
            self._count(lost=True, reason=reason)
            return []
        self.failure = None
        self._count(lost=False)
        return found

    def _count(self, *, lost: bool, reason: str = "") -> None:
        self._lost.append(lost)
        count = sum(self._lost)
        if count < FEWEST or count < REPORTED_SHARE * len(self._lost):
            self._trouble = None
        elif lost:
            self._trouble = f"the analysis fails for more than {REPORTED_SHARE:.0%} of its frames: {reason}"
        self._health.analysed(self._trouble or self._standing or self.also)
