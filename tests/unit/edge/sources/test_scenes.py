"""Drawn scenes, and that the kernels see in them what the schedule says."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge.analysis.audio import level
from edge.analysis.motion import MotionDetector
from edge.analysis.picture import PictureAnalyser
from edge.analysis.pictures import Pictures
from edge.analysis.thermal import ThermalProcessor, ThermalSettings
from edge.encoder import Encoding
from edge.recorder import Recorder
from edge.sources.scenes import SceneSound, ThermalSceneSource, Ticker, VisualSceneSource
from edge.sources.schedule import Fault, Schedule
from edge.sources.source import Frame, Samples
from edge.sources.thermal_scene import ThermalScene
from edge.sources.visual_scene import VisualScene
from edge.sources.yard import ROIS, Yard
from tests.played import played
from tests.simulated import SimulatedClock

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def yard(*faults: Fault, people: int = 4) -> Yard:
    return Yard(Schedule(NOON, faults), people=people)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_same_moment_is_the_same_picture_whoever_draws_it() -> None:
    one, other = VisualScene(yard()), VisualScene(yard())
    thermal = ThermalScene(yard()).draw(after(3)), ThermalScene(yard()).draw(after(3))

    assert np.array_equal(one.draw(after(3)).to_ndarray(), other.draw(after(3)).to_ndarray())
    assert not np.array_equal(one.draw(after(3)).to_ndarray(), one.draw(after(3.1)).to_ndarray())
    assert np.array_equal(*thermal)


def test_noon_is_light_and_midnight_dark_but_not_black() -> None:
    scene, analyser = VisualScene(yard()), PictureAnalyser()
    greys = [Pictures().small(scene.draw(after(hours * 3600))).y for hours in (0, 12)]

    assert greys[0].mean() > 2 * greys[1].mean()
    assert analyser.look(greys[1], after(0)).blackscreen is False


def test_people_are_the_only_thing_that_moves() -> None:
    boxes = {}
    for people in (0, 4):
        scene, pictures, detector = VisualScene(yard(people=people)), Pictures(), MotionDetector((640, 360))
        looks = [detector.look(pictures.small(scene.draw(after(n / 5))).y, after(n / 5)) for n in range(100)]
        boxes[people] = sum(len(look.boxes) for look in looks)

    assert boxes[0] == 0
    assert boxes[4] > 50


def test_visual_and_thermal_scene_of_a_device_show_a_person_at_the_same_place() -> None:
    place = yard()
    with_people, without = ThermalScene(place), ThermalScene(yard(people=0))
    for seconds in range(0, 60, 7):
        time = after(seconds)
        warmer = with_people.draw(time) - without.draw(time)
        for person in place.at(time).people:
            column, row = int(person.x * 32), int((person.y - person.height * 0.45) * 24)
            if 1 < column < 17 and row < 23:  # elsewhere the warm transformer is behind
                assert warmer[row - 1 : row + 2, column - 1 : column + 2].max() > 1


def test_a_scheduled_freeze_is_seen_as_one_and_stops_the_thermal_picture_too() -> None:
    place = yard(Fault("freeze", 20, 10))
    scene, thermal, pictures, analyser = VisualScene(place), ThermalScene(place), Pictures(), PictureAnalyser()
    frozen = [analyser.look(pictures.small(scene.draw(after(n / 5))).y, after(n / 5)).freeze for n in range(175)]

    assert not any(frozen[:110])
    assert all(frozen[110:150])
    assert not any(frozen[150:])
    assert np.array_equal(thermal.draw(after(21)), thermal.draw(after(29)))


def test_a_scheduled_black_picture_is_seen_as_one() -> None:
    scene, pictures, analyser = VisualScene(yard(Fault("black", 10, 5))), Pictures(), PictureAnalyser()
    black = [analyser.look(pictures.small(scene.draw(after(s))).y, after(s)).blackscreen for s in (9, 10, 14, 15)]

    assert black == [False, True, True, False]


def test_a_scheduled_silence_is_heard_as_one() -> None:
    sound = SceneSound(yard(Fault("silence", 10, 5)))

    assert [level(sound.samples(after(s), 1.0)).audio for s in (9, 10, 14, 15)] == [True, False, False, True]


def test_a_scheduled_hot_spot_raises_the_bushings_to_an_emergency_and_ends() -> None:
    scene, processor = ThermalScene(yard(Fault("hot_spot", 10, 20))), ThermalProcessor(ThermalSettings(rois=ROIS))
    levels = [processor.process(scene.draw(after(n / 8)), after(n / 8)).regions[1].alert_level for n in range(8 * 45)]

    assert set(levels[:80]) == {"normal"}
    assert levels[8 * 25] == "emergency"
    assert levels[-1] == "normal"


def test_a_visual_source_keeps_its_pace_and_hands_out_pictures_and_sound() -> None:
    clock, place = SimulatedClock(NOON), yard()
    source = VisualSceneSource(VisualScene(place), place, clock, clock.pause, fps=10)
    source.open()
    readings = [source.read() for _ in range(55)]
    source.close()
    frames = [reading for reading in readings if isinstance(reading, Frame)]
    sounds = [reading for reading in readings if isinstance(reading, Samples)]

    assert [frame.sequence for frame in frames] == list(range(1, 51))
    assert [frame.time for frame in frames] == [after(n / 10) for n in range(50)]
    assert [(sound.time, sound.duration_s) for sound in sounds] == [(after(n), 1.0) for n in range(5)]


def test_a_scene_is_recorded_with_its_sound() -> None:
    clock, place, recorder = SimulatedClock(NOON), yard(), Recorder(2, Encoding(fps=10))
    source = VisualSceneSource(VisualScene(place), place, clock, clock.pause, recorder, fps=10)
    source.open()
    for _ in range(44):
        source.read()
    source.close()
    segments = recorder.take()

    assert [segment.duration_s for segment in segments[:2]] == [2.0, 2.0]
    assert [len(played(segment).pictures) for segment in segments[:2]] == [20, 20]
    assert all(segment.audio for segment in segments[:2])


def test_a_ticker_that_was_held_up_goes_on_from_now_without_hurrying() -> None:
    clock = SimulatedClock(NOON)
    ticker = Ticker(10, clock, clock.pause)
    first = [ticker.wait() for _ in range(3)]
    clock.pause(30)
    late = [ticker.wait() for _ in range(3)]

    assert first == [after(n / 10) for n in range(3)]
    assert late == [after(30.2 + n / 10) for n in range(3)]


def test_thermal_frames_come_eight_times_a_second() -> None:
    clock = SimulatedClock(NOON)
    source = ThermalSceneSource(ThermalScene(yard()), clock, clock.pause)
    source.open()
    frames = [source.read() for _ in range(17)]
    source.close()

    assert (frames[-1].time - frames[0].time).total_seconds() == pytest.approx(2.0)
    assert (frames[-1].sequence, frames[-1].temperatures.shape) == (17, (24, 32))
