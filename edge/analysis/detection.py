"""Runs a detector on the pictures of a device, and makes detection data when something has changed."""

from collections.abc import Callable, Sequence
from typing import Final

from bus_schemas.camera import DetectedObject, Detection
from bus_schemas.settings import Zone
from edge.agent.settings import DetectorSettings, SceneDetectorSettings, ShapeDetectorSettings
from edge.analysis.detector import PERSON, VEHICLE, BoundingBox, guesses, people_count
from edge.analysis.motion import Box
from edge.analysis.onnx_detector import OnnxDetector
from edge.analysis.pictures import Pictures
from edge.analysis.zones import triggers, zone_of
from edge.capture.pacing import Every
from edge.capture.sources.files import refusal
from edge.capture.sources.source import CameraFrame, SourceUnreachable
from edge.simulation.scene import Scene

SCENE: Final = "scene"
AGAIN_S: Final = 10.0
_LEAST_HEIGHT: Final = 0.05
_LEAST_WIDTH: Final = 0.01
"""Shares of the picture. No detector would find a smaller object, or one that is hardly visible at the edge."""

Detect = Callable[[CameraFrame, Sequence[Box]], tuple[BoundingBox, ...]]


class ObjectDetection:
    """Used by the capture thread of one device. `zones` may be replaced at any time."""

    def __init__(self, analyse: Detect, method: str, every_s: float, zones: Sequence[Zone]) -> None:
        self._detect = analyse
        self._method = method
        self._every = Every(every_s)
        self._again = Every(AGAIN_S)
        self._last_emitted: tuple[object, ...] = (0, (), ())
        self.zones = tuple(zones)

    def analyse(self, frame: CameraFrame, moving: Sequence[Box], media: Sequence[str]) -> Detection | None:
        """None where nothing is due: it is too early, or nothing has changed and nobody is there."""
        if not self._every.due(frame.time):
            return None
        found = self._detect(frame, moving)
        raised = triggers(found, self.zones)
        seen = (people_count(found), raised, tuple(sorted(detection.label for detection in found)))
        repeat = bool(found) and self._again.due(frame.time)
        if seen == self._last_emitted and not repeat:
            return None
        self._last_emitted = seen
        return detection_data(found, self.zones, self._method, media)


def detection_data(
    found: Sequence[BoundingBox], zones: Sequence[Zone], method: str, media: Sequence[str] = ()
) -> Detection:
    return Detection(
        people_count=people_count(found),
        event_triggers=triggers(found, zones),
        objects=tuple(_object(detection, zones) for detection in found),
        detector=method,
        media=tuple(media),
    )


def object_detection(
    detector: DetectorSettings, zones: Sequence[Zone], pictures: Pictures, scene: Scene | None
) -> ObjectDetection:
    if isinstance(detector, SceneDetectorSettings):
        assert scene is not None, "settings allow the scene detector only for a drawn scene"
        return ObjectDetection(_drawn(scene), SCENE, detector.every_s, zones)
    if isinstance(detector, ShapeDetectorSettings):
        return ObjectDetection(_shapes, "heuristic", detector.every_s, zones)
    if (why := refusal(detector.model)) is not None:
        raise SourceUnreachable(why, str(detector.model))
    model = OnnxDetector(detector.model, detector.labels, detector.min_score)
    return ObjectDetection(_modelled(model, pictures), "onnx", detector.every_s, zones)


def _drawn(scene: Scene) -> Detect:
    """The objects of a drawn scene, while the scene can be seen."""

    def analyse(frame: CameraFrame, moving: Sequence[Box]) -> tuple[BoundingBox, ...]:
        if scene.schedule.age("black", frame.time) is not None:
            return ()
        state = scene.at(frame.time)
        found = [(PERSON, person.box) for person in state.people] + [(VEHICLE, car.box) for car in state.cars]
        return tuple(
            BoundingBox(label, 0.97, box, SCENE)
            for label, box in found
            if box[2] > _LEAST_WIDTH and box[3] > _LEAST_HEIGHT
        )

    return analyse


def _shapes(frame: CameraFrame, moving: Sequence[Box]) -> tuple[BoundingBox, ...]:
    return guesses(moving, frame.picture.width / frame.picture.height)


def _modelled(model: OnnxDetector, pictures: Pictures) -> Detect:
    def analyse(frame: CameraFrame, moving: Sequence[Box]) -> tuple[BoundingBox, ...]:
        return model.analyse(pictures.bgr(frame.picture)) if moving else ()

    return analyse


def _object(detection: BoundingBox, zones: Sequence[Zone]) -> DetectedObject:
    return DetectedObject(
        label=detection.label,
        score=detection.score,
        box=_within(detection.box),
        zone=_zone_name(zone_of(detection.box, zones)),
    )


def _within(box: Box) -> Box:
    x, y, width, height = (min(1.0, max(0.0, round(share, 4))) for share in box)
    return x, y, width, height


def _zone_name(name: str | None) -> str | None:
    # The contract allows the characters of topics; names of zones may have any.
    return (
        None if name is None else "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in name)[:64]
    )
