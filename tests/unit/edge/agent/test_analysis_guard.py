"""A frame that cannot be analysed costs itself, and is told of where there are many."""

from datetime import UTC, datetime

from structlog.testing import capture_logs

from edge.agent.analysis_guard import AnalysisGuard
from edge.agent.health import SourceHealth
from producer.outbox.tables import Draft
from tests.node_parts import detection

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def fails() -> list[Draft]:
    raise SystemExit("cv2 says no")


def analysed(tolerance: AnalysisGuard, *, good: int = 0, bad: int = 0) -> list[Draft]:
    draft = detection()
    found = [made for _ in range(bad) for made in tolerance.drafts(fails)]
    return found + [made for _ in range(good) for made in tolerance.drafts(lambda: [draft])]


def running() -> SourceHealth:
    """Of a source that gives pictures."""
    health = SourceHealth("visual", lambda: NOON)
    health.attempting()
    health.connected()
    health.frame_arrived(NOON, (320, 240))
    return health


def test_single_frames_that_cannot_be_analysed_are_counted_and_no_trouble() -> None:
    health = running()
    tolerance = AnalysisGuard("GATE", health, str)
    with capture_logs() as logs:
        drafts = [draft for _ in range(4) for draft in analysed(tolerance, good=24, bad=1)]

    assert (len(drafts), tolerance.lost) == (96, 4)
    assert health.facts.status(0.0) == "healthy"
    assert len(logs) == 1


def test_above_a_tenth_the_device_is_degraded_and_says_why_until_it_is_over() -> None:
    health = running()
    tolerance = AnalysisGuard("GATE", health, str)
    analysed(tolerance, good=50, bad=10)
    analysed(tolerance, bad=6)
    trouble = health.facts.why(0.0)
    status = health.facts.status(0.0)
    analysed(tolerance, good=50)

    assert status == "degraded"
    assert "more than 10%" in (trouble or "")
    assert "cv2 says no" in (trouble or "")
    assert (health.facts.status(0.0), health.facts.why(0.0)) == ("healthy", None)


def test_what_is_wrong_with_the_analysis_anyway_is_told_while_frames_are_analysed() -> None:
    health = running()
    analysed(AnalysisGuard("GATE", health, str, "the detector cannot be used"), good=3)

    assert health.facts.why(0.0) == "the detector cannot be used"
