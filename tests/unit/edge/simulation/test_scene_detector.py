"""What the scene detector tells of a drawn place."""

from datetime import UTC, datetime, timedelta

from bus_schemas.camera import Detection
from edge.agent.settings import SceneDetectorSettings
from edge.agent.source_factory import scene_of
from edge.agent.source_settings import SceneFaultSettings, SceneSourceSettings
from edge.analysis.detection import object_detection
from edge.analysis.pictures import Pictures
from edge.capture.sources.source import CameraFrame
from edge.simulation.visual_scene import VisualScene

START = datetime(2026, 1, 5, 11, 0, tzinfo=UTC)


def reported(scene: SceneSourceSettings, seconds: int) -> list[Detection]:
    place = scene_of(scene, START, "Europe/Berlin")
    drawn = VisualScene(place)
    detection = object_detection(SceneDetectorSettings(kind="scene"), (), Pictures(), place)
    times = [START + timedelta(seconds=n) for n in range(seconds)]
    found = (detection.analyse(CameraFrame(time, n, drawn.draw(time)), (), ()) for n, time in enumerate(times))
    return [data for data in found if data is not None]


def test_at_a_gate_people_and_cars_are_told_apart() -> None:
    seen = reported(SceneSourceSettings(kind="scene", scene="visual", place="gate"), 120)

    assert {found.label for data in seen for found in data.objects} == {"person", "vehicle"}
    assert all(data.people_count == sum(found.label == "person" for found in data.objects) for data in seen)


def test_nobody_is_seen_in_a_black_picture() -> None:
    black = SceneFaultSettings(kind="blackscreen", first_s=0, lasts_s=100, every_s=200)
    seen = reported(SceneSourceSettings(kind="scene", scene="visual", faults=(black,)), 60)

    assert seen == []


def test_a_scene_follows_the_clocks_of_its_site() -> None:
    scene = SceneSourceSettings(kind="scene", scene="visual", place="transformer")
    berlin, auckland = (
        scene_of(scene, START, zone).at(START).daylight for zone in ("Europe/Berlin", "Pacific/Auckland")
    )

    assert (berlin, auckland) == (1.0, 0.0)
