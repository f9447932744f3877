"""Drawn scenes, and that the kernels see in them what the schedule says."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.analysis.audio import level
from edge.analysis.motion import MotionDetector
from edge.analysis.picture import PictureAnalyser
from edge.analysis.pictures import Pictures, detail
from edge.analysis.running_clock import difference
from edge.analysis.thermal import ThermalProcessor
from edge.capture.encoder import Encoding
from edge.capture.recorder import Recorder
from edge.capture.sources.source import CameraFrame, Samples
from edge.simulation.locations import TRANSFORMER, LocationName
from edge.simulation.scene import Scene
from edge.simulation.scenes import SceneSound, ThermalSceneSource, Ticker, VisualSceneSource
from edge.simulation.schedule import FaultKind, SceneFault, Schedule
from edge.simulation.thermal_scene import ThermalScene
from edge.simulation.visual_scene import VisualScene
from tests.segment_player import played
from tests.simulated_clock import SimulatedClock

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


PLACES = get_args(LocationName)


def scene_model(*faults: SceneFault, people: int = 4, place: LocationName = "yard") -> Scene:
    return Scene(Schedule(NOON, faults), people=people, place=place)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_same_moment_is_the_same_picture_whoever_draws_it() -> None:
    one, other = VisualScene(scene_model()), VisualScene(scene_model())
    thermal = ThermalScene(scene_model()).draw(after(3)), ThermalScene(scene_model()).draw(after(3))

    assert np.array_equal(one.draw(after(3)).to_ndarray(), other.draw(after(3)).to_ndarray())
    assert not np.array_equal(one.draw(after(3)).to_ndarray(), one.draw(after(3.1)).to_ndarray())
    assert np.array_equal(*thermal)


@pytest.mark.parametrize("place", PLACES)
def test_day_is_bright_and_lamps_keep_the_night_readable(place: LocationName) -> None:
    scene, analyser = VisualScene(scene_model(place=place)), PictureAnalyser()
    noon, midnight = (Pictures().small(scene.draw(after(hours * 3600))).y for hours in (0, 12))

    assert noon.mean() > 110
    assert midnight.mean() >= 60
    assert analyser.analyse(midnight, after(0)).quality.score == 5


def test_it_is_night_by_the_clocks_of_the_place_and_never_indoors() -> None:
    evening = datetime(2026, 1, 5, 12, tzinfo=UTC)
    auckland = ZoneInfo("Pacific/Auckland")

    assert Scene(Schedule(NOON)).at(evening).daylight == 1
    assert Scene(Schedule(NOON), zone=auckland).at(evening).daylight == 0
    assert Scene(Schedule(NOON), zone=auckland, place="hall").at(evening).daylight == 1


def test_every_place_looks_different() -> None:
    pictures = [Pictures().small(VisualScene(scene_model(people=0, place=place)).draw(NOON)).y for place in PLACES]

    for number, one in enumerate(pictures):
        assert all(difference(one, other) > 20 for other in pictures[number + 1 :])


@pytest.mark.thorough
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("hours", [0, 12])
def test_where_nobody_is_nothing_moves(place: LocationName, hours: int) -> None:
    assert moving_boxes(scene_model(people=0, place=place), hours * 3600) == 0


@pytest.mark.parametrize("hours", [0, 12])
def test_people_move_by_day_and_night(hours: int) -> None:
    assert moving_boxes(scene_model(), hours * 3600) > 50


def moving_boxes(place: Scene, start: float) -> int:
    scene, pictures, detector = VisualScene(place), Pictures(), MotionDetector((640, 360))
    times = [after(start + n / 5) for n in range(100)]
    return sum(len(detector.analyse(pictures.small(scene.draw(time)).y, time).boxes) for time in times)


@pytest.mark.thorough
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("hours", [0, 12])
def test_something_is_drawn_wherever_somebody_is(place: LocationName, hours: int) -> None:
    busy = scene_model(place=place)
    scene, empty = VisualScene(busy), VisualScene(scene_model(people=0, place=place))
    for seconds in range(hours * 3600, hours * 3600 + 60, 5):
        time = after(seconds)
        changed = np.abs(rgb(scene, time) - rgb(empty, time)).max(axis=2) > 25
        for figure in busy.at(time).figures:
            x, y, wide, high = figure.box
            inside = changed[int(y * 360) : int((y + high) * 360), int(x * 640) : int((x + wide) * 640)]
            assert figure.height < 0.1 or wide < 0.02 or inside.mean() > 0.15


def rgb(scene: VisualScene, time: datetime) -> NDArray[np.int16]:
    return scene.draw(time).to_ndarray(format="rgb24").astype(np.int16)


def test_people_walk_at_the_speed_of_people_and_differ() -> None:
    place = scene_model()
    walked = [(place.at(after(n / 10)).people, place.at(after((n + 1) / 10)).people) for n in range(300)]
    speeds = []
    for before, now in walked:
        for one in before:
            for other in (person for person in now if person.appearance == one.appearance and one.stride is not None):
                across = (other.x - 0.5) * other.away - (one.x - 0.5) * one.away
                speeds.append(10 * float(np.hypot(across * 16 / 9, other.away - one.away)))

    assert speeds
    assert np.median(speeds) > 1
    assert max(speeds) < 1.6
    assert len({person.appearance for people, _ in walked for person in people}) > 2


def test_a_car_waits_until_the_barrier_is_open() -> None:
    place = scene_model(place="gate")
    states = [place.at(after(n / 5)) for n in range(5 * 120)]
    near = [state.barrier for state in states if any(4 < car.away < 12.5 for car in state.cars)]
    far = [state.barrier for state in states if any(car.away > 15 for car in state.cars)]

    assert near
    assert min(near) == 1
    assert far
    assert max(far) == 0


@pytest.mark.parametrize("place", PLACES)
def test_visual_and_thermal_scene_of_a_device_show_a_person_at_the_same_place(place: LocationName) -> None:
    busy = scene_model(place=place)
    with_people, without = ThermalScene(busy), ThermalScene(scene_model(people=0, place=place))
    for seconds in range(0, 60, 7):
        time = after(seconds)
        warmer = with_people.draw(time) - without.draw(time)
        for person in busy.at(time).people:
            column, row = int(person.x * 32), int((person.y - person.height * 0.45) * 24)
            in_sight = 1 < column < 31 and row < 22 and person.height > 0.15
            if in_sight and not (place == "transformer" and 6 < column < 26):  # the warm transformer is behind
                assert warmer[row - 1 : row + 2, column - 1 : column + 2].max() > 1


@pytest.mark.parametrize("place", PLACES)
def test_what_is_warm_is_where_the_camera_sees_it(place: LocationName) -> None:
    empty = scene_model(people=0, place=place)
    warmth = ThermalScene(empty).draw(NOON)
    for warm in empty.location.warm:
        x, y, wide, high = warm.part
        part = warmth[int(y * 24) : int(np.ceil((y + high) * 24)), int(x * 32) : int(np.ceil((x + wide) * 32))]
        assert part.max() > empty.at(NOON).ambient + 3


def test_a_scheduled_freeze_is_seen_as_one_and_stops_the_thermal_picture_too() -> None:
    place = scene_model(SceneFault("freeze", 20, 10))
    scene, thermal, pictures, analyser = VisualScene(place), ThermalScene(place), Pictures(), PictureAnalyser()
    frozen = [
        analyser.analyse(pictures.small(scene.draw(after(n / 5))).y, after(n / 5)).freeze.frozen for n in range(175)
    ]

    assert not any(frozen[:110])
    assert all(frozen[110:150])
    assert not any(frozen[150:])
    assert np.array_equal(thermal.draw(after(21)), thermal.draw(after(29)))


def test_a_scheduled_black_picture_is_seen_as_one() -> None:
    scene, pictures, analyser = VisualScene(scene_model(SceneFault("black", 10, 5))), Pictures(), PictureAnalyser()
    black = [
        analyser.analyse(pictures.small(scene.draw(after(s))).y, after(s)).black.blackscreen for s in (9, 10, 14, 15)
    ]

    assert black == [False, True, True, False]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["corrupt_rows", "macroblocks", "zap"])
@pytest.mark.parametrize("place", PLACES)
def test_a_scheduled_fault_of_the_picture_is_found_as_what_it_is(kind: FaultKind, place: LocationName) -> None:
    scene = VisualScene(scene_model(SceneFault(kind, 1, 2), place=place))
    pictures, analyser, found = Pictures(), PictureAnalyser(), []
    for second in (0, 1, 2, 3):
        frame = scene.draw(after(second))
        small = pictures.small(frame)
        state = analyser.analyse(small.y, after(second), detail(frame, small))
        found.append(
            {"corrupt_rows": state.damage.corrupt_rows, "macroblocks": state.damage.macroblocks, "zap": state.black.zap}
        )

    assert [{name for name, is_so in one.items() if is_so} for one in found] == [set(), {kind}, {kind}, set()]


def test_a_scheduled_silence_is_heard_as_one() -> None:
    sound = SceneSound(scene_model(SceneFault("silence", 10, 5)))

    assert [level(sound.samples(after(s), 1.0)).audio for s in (9, 10, 14, 15)] == [True, False, False, True]


def test_a_scheduled_hot_spot_raises_the_bushings_to_an_emergency_and_ends() -> None:
    scene = ThermalScene(scene_model(SceneFault("hot_spot", 10, 20), place="transformer"))
    processor = ThermalProcessor(rois=TRANSFORMER.regions)
    levels = [processor.process(scene.draw(after(n / 8)), after(n / 8)).regions[1].alert_level for n in range(8 * 45)]

    assert set(levels[:80]) == {"normal"}
    assert levels[8 * 25] == "emergency"
    assert levels[-1] == "normal"


def test_a_visual_source_keeps_its_pace_and_hands_out_pictures_and_sound() -> None:
    clock, place = SimulatedClock(NOON), scene_model()
    source = VisualSceneSource(VisualScene(place), SceneSound(place), clock, clock.pause, fps=10)
    source.open()
    readings = [source.read() for _ in range(55)]
    source.close()
    frames = [reading for reading in readings if isinstance(reading, CameraFrame)]
    sounds = [reading for reading in readings if isinstance(reading, Samples)]

    assert [frame.sequence for frame in frames] == list(range(1, 51))
    assert [frame.time for frame in frames] == [after(n / 10) for n in range(50)]
    assert [(sound.time, sound.duration_s) for sound in sounds] == [(after(n), 1.0) for n in range(5)]


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_scene_is_recorded_with_its_sound_if_there_is_a_microphone(is_heard: bool) -> None:
    clock, place, recorder = SimulatedClock(NOON), scene_model(), Recorder(2, Encoding(fps=10))
    sound = SceneSound(place) if is_heard else None
    source = VisualSceneSource(VisualScene(place), sound, clock, clock.pause, recorder, fps=10)
    source.open()
    readings = [source.read() for _ in range(44)]
    source.close()
    segments = recorder.take()

    assert [segment.duration_s for segment in segments[:2]] == [2.0, 2.0]
    assert [len(played(segment).pictures) for segment in segments[:2]] == [20, 20]
    assert {segment.audio for segment in segments} == {is_heard}
    assert any(isinstance(reading, Samples) for reading in readings) is is_heard


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
    source = ThermalSceneSource(ThermalScene(scene_model()), clock, clock.pause)
    source.open()
    frames = [source.read() for _ in range(17)]
    source.close()

    assert (frames[-1].time - frames[0].time).total_seconds() == pytest.approx(2.0)
    assert (frames[-1].sequence, frames[-1].temperatures.shape) == (17, (24, 32))
