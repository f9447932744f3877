"""How often the detectors are right: on real recordings with faults that filters put into them."""

from collections.abc import Iterator
from time import process_time

import cv2

from tests.bench.measure import Measurement
from tests.injected_faults import (
    Scores,
    added,
    behind_clock_scores,
    recorded,
    schedule,
    scores,
    sound_scores,
    spoiled,
)
from tests.recordings import PEDESTRIANS, ROOM_VISUAL

SEEDS = range(1, 7)
GOAL = 0.98


def case_detectors() -> list[Measurement]:
    """A row for each detector; what is timed is a second of the recording, its filters included."""
    cv2.setNumThreads(1)
    begun = process_time()
    found = added(_passes())
    frames = max(score.found + score.false + score.missed for score in found.values())
    taken_ms = (process_time() - begun) * 1000 / max(1, frames)
    return [
        Measurement(
            f"detector of {kind}",
            round(taken_ms, 3),
            round(taken_ms, 3),
            len(SEEDS),
            f"{score.found + score.missed} frames with it: {score.missed} missed, {score.false} others taken for it",
            precision=round(score.precision, 4),
            recall=round(score.recall, 4),
            goal_share=GOAL,
        )
        for kind, score in sorted(found.items())
    ]


def _passes() -> Iterator[Scores]:
    for name in (PEDESTRIANS, ROOM_VISUAL):
        count = sum(1 for _ in recorded(name))
        for seed in SEEDS:
            faults = schedule(count, seed)
            yield scores(spoiled(recorded(name), faults, seed), faults)
            yield behind_clock_scores(name, count, seed)
    yield sound_scores(300, 1)
