"""The detectors find what filters have put into pictures, and take nothing else for it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from av.video.frame import VideoFrame

from edge.simulation.locations import LocationName
from edge.simulation.scene import Scene
from edge.simulation.schedule import Schedule
from edge.simulation.visual_scene import VisualScene
from tests.builders import START
from tests.injected_faults import FPS, KINDS, schedule, scores, sound_scores, spoiled

FRAMES = 390
LEAST = 0.98


def drawn(place: LocationName) -> Iterator[VideoFrame]:
    scene = VisualScene(Scene(Schedule(START), place=place), size=(480, 270))
    return (scene.draw(START + timedelta(seconds=number / FPS)) for number in range(FRAMES))


@pytest.mark.thorough
@pytest.mark.parametrize(("place", "seed"), [("gate", 1), ("yard", 2)])
def test_each_detector_finds_nearly_all_and_nearly_nothing_else(place: LocationName, seed: int) -> None:
    faults = schedule(FRAMES, seed)
    found = scores(spoiled(drawn(place), faults, seed), faults)

    assert {fault.kind for fault in faults} == set(KINDS)
    assert {kind: score for kind, score in found.items() if min(score.precision, score.recall) < LEAST} == {}


def test_silence_is_found_second_by_second() -> None:
    score = sound_scores(60, 1)["audio_loss"]

    assert score.found > 10
    assert (score.false, score.missed) == (0, 0)
