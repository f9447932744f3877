"""Holds what an agent recorded of a camera against what its case asks for."""

from collections.abc import Iterator

from tests.cameras.agent import Result
from tests.cameras.case import Case, FileCase
from tests.cameras.cases import GOOD
from tests.cameras.rtsp import Seen
from tests.cameras.server import Cameras

# The last picture of a stream has no successor that says how long it lasted, and the newest may still be on their way.
UNFINISHED_PICTURES = 5
UNFINISHED_S = 0.6
PLAYED_LATER_S = 4.0
"""So far a busy machine may be behind with a recording at the end of the agent: what is not played is not lost."""


def sent(case: Case, cameras: Cameras, name: str, result: Result) -> Seen:
    """What a camera sent. A recording is played from when it was opened, for as long as the good camera beside it was
    seen.
    """
    if not isinstance(case, FileCase):
        return cameras.seen(name)
    good = cameras.seen(GOOD)
    began, ended = good.first_at or 0.0, good.last_at or 0.0
    opened = cameras.at(result.segments[0].start) if result.segments else began
    began = min(opened, began + case.expected.starts_within_s)
    return Seen(1, round((ended - began - PLAYED_LATER_S) * case.rate), began, ended - PLAYED_LATER_S, ended)


def faults(case: Case, result: Result, seen: Seen) -> Iterator[str]:
    """What is not as the case asks, in sentences; nothing where all is well."""
    expected, last = case.expected, result.health
    yield from (f"a segment cannot be played: {one}" for one in result.unreadable)
    if expected.status is not None and last.get("status") != expected.status:
        yield f"status is {last.get('status')!r} ({last.get('reason')!r}), not {expected.status!r}"
    reasons = [str(health.get("reason")) for health in result.healths]
    if expected.reason and not any(expected.reason in reason for reason in reasons):
        yield f"no reason says {expected.reason!r}: {sorted(set(reasons))}"
    least, most = expected.sessions
    if expected.pictures is not None and not isinstance(case, FileCase) and not least <= seen.sessions <= most:
        yield f"{seen.sessions} connections, not {least} to {most}"
    if expected.pictures is not None:
        wanted = expected.pictures * (seen.pictures - UNFINISHED_PICTURES)
        if result.pictures < wanted:
            yield f"{result.pictures} of {seen.pictures} pictures are recorded"
    yield from _time_faults(expected.time, result, seen)


def _time_faults(share: float | None, result: Result, seen: Seen) -> Iterator[str]:
    if share is None:
        return
    if seen.first_at is None or seen.last_at is None:
        yield "it sent no picture at all"
        return
    sent_s = seen.last_at - seen.first_at
    if result.recorded_s < share * (sent_s - UNFINISHED_S):
        yield f"{result.recorded_s:.1f} s are recorded of {sent_s:.1f} s"
    in_all_s = (seen.ended_at or seen.last_at) - seen.first_at
    if result.recorded_s > in_all_s + 2.0:
        yield f"{result.recorded_s:.1f} s are said to be recorded of {in_all_s:.1f} s that were sent"
