"""Objects are told of when something has changed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from av.video.frame import VideoFrame

from bus_schemas.settings import Zone
from edge.agent.settings import SceneDetectorSettings, ShapeDetectorSettings
from edge.analysis.detection import ObjectDetection, object_detection
from edge.analysis.detector import BoundingBox
from edge.analysis.motion import Box
from edge.analysis.pictures import Pictures
from edge.capture.sources.source import CameraFrame
from edge.simulation.scene import Scene
from edge.simulation.schedule import SceneFault, Schedule

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PICTURE = VideoFrame.from_ndarray(np.full((180 * 3 // 2, 320), 128, np.uint8), format="yuv420p")
DOOR = Zone(name="Back door", points=((0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (0.0, 1.0)), restricted=True)


def at(seconds: float) -> CameraFrame:
    return CameraFrame(NOON + timedelta(seconds=seconds), 1, PICTURE)


def seeing(*steps: int, zones: Sequence[Zone] = ()) -> list[int | None]:
    """How many people are told of, where so many are seen each second."""
    counts = iter(steps)

    def analyse(frame: CameraFrame, moving: Sequence[Box]) -> tuple[BoundingBox, ...]:
        return (BoundingBox("person", 0.9, (0.1, 0.6, 0.1, 0.2), "test"),) * next(counts)

    watched = ObjectDetection(analyse, "test", 1.0, zones)
    found = [watched.analyse(at(second), (), ()) for second in range(len(steps))]
    return [None if data is None else data.people_count for data in found]


def test_a_change_is_told_and_the_same_again_is_not() -> None:
    assert seeing(0, 0, 2, 2, 1, 1, 0, 0) == [None, None, 2, None, 1, None, 0, None]


def test_somebody_who_stays_is_told_of_every_ten_seconds() -> None:
    emitted = seeing(*[1] * 25)

    assert [second for second, count in enumerate(emitted) if count is not None] == [0, 10, 20]


def test_objects_name_their_zone_and_raise_its_trigger() -> None:
    watched = ObjectDetection(
        lambda *_: (BoundingBox("person", 0.9, (0.1, 0.6, 0.1, 0.2), "test"),), "test", 1.0, [DOOR]
    )
    emitted = watched.analyse(at(0), (), ("YARD/GATE/capture/1",))

    assert emitted is not None
    assert emitted.event_triggers == ("RESTRICTED_ACCESS",)
    assert emitted.objects[0].zone == "Back_door"
    assert emitted.media == ("YARD/GATE/capture/1",)


def test_a_drawn_scene_knows_its_people_and_nobody_in_the_dark() -> None:
    yard = Scene(Schedule(NOON, (SceneFault("black", 100, 50),)), seed=2, people=30)
    watched = object_detection(SceneDetectorSettings(kind="scene"), (), Pictures(), yard)
    seen, dark = watched.analyse(at(0), (), ()), watched.analyse(at(120), (), ())

    assert seen is not None
    assert dark is not None
    assert (seen.people_count > 3, seen.detector, dark.people_count) == (True, "scene", 0)
    assert all(0 <= share <= 1 for thing in seen.objects for share in thing.box)


def test_shapes_are_guessed_from_what_moves() -> None:
    watched = object_detection(ShapeDetectorSettings(kind="shape"), (), Pictures(), None)
    emitted = watched.analyse(at(0), [(0.4, 0.3, 0.1, 0.4)], ())

    assert emitted is not None
    assert (emitted.people_count, emitted.detector) == (1, "heuristic")
