"""How long the kernels of visual pictures and sound take."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from edge.analysis.audio import level
from edge.analysis.motion import MotionDetector
from edge.analysis.picture import PictureAnalyser
from edge.analysis.pictures import Pictures, detail, thumbnail
from edge.simulation.scene import Scene
from edge.simulation.schedule import Schedule
from edge.simulation.visual_scene import VisualScene
from gateway.serving.sprite_drawing import sprite_sheet
from tests.bench.measure import Measurement, cpu_timed, measured, summary, timed
from tests.recordings import PEDESTRIANS, recording

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SIZES = ((768, 576), (1280, 720), (1920, 1080))


def case_frame_analysis() -> list[Measurement]:
    """All detectors, on the small picture that the agent holds, and with the reduction to it; by time of the CPU."""
    cv2.setNumThreads(1)
    found = []
    for size in SIZES:
        frames = list(islice(pedestrians(size), 120))
        for name, reduced, goal_ms in (("held", True, 0.2), ("with reduction", False, None)):
            pictures, analyser = Pictures(), PictureAnalyser()
            small = [pictures.small(frame) for frame in frames]

            def analyse(index: int, reduced: bool = reduced, pictures: Pictures = pictures) -> None:
                frame = frames[index]  # noqa: B023 - called within its turn
                planes = small[index] if reduced else pictures.small(frame)  # noqa: B023 - called within its turn
                analyser.analyse(planes.y, at(index), detail(frame, planes))  # noqa: B023 - called within its turn

            taken = cpu_timed(partial(analyse, index) for index in range(len(frames)))
            case = f"frame analysis {size[0]}x{size[1]} {name}"
            found.append(summary(case, taken[10:], "one frame, CPU", goal_ms=goal_ms))
    return found


def case_motion() -> list[Measurement]:
    """From the decoder's frame to boxes."""
    cv2.setNumThreads(1)
    found = []
    for size in SIZES:
        frames = list(islice(pedestrians(size), 120))
        pictures, detector = Pictures(), MotionDetector(size)

        def analyse(index: int) -> None:
            detector.analyse(pictures.grey(frames[index]), at(index))  # noqa: B023 - called within its turn

        taken = timed(partial(analyse, index) for index in range(len(frames)))
        found.append(summary(f"motion {size[0]}x{size[1]}", taken[10:], "reduction and detection", goal_ms=0.35))
    return found


def case_thumbnail() -> list[Measurement]:
    """320 x 180 JPEG, of the small picture that the agent holds and from a decoded 1080p frame."""
    frame = next(pedestrians((1920, 1080)))
    pictures = Pictures()
    small = pictures.small(frame)
    return [
        measured("thumbnail 320x180", lambda: thumbnail(small), "encoding of the small picture", goal_ms=0.3),
        measured("thumbnail of 1080p", lambda: thumbnail(pictures.small(frame)), "reduction and encoding"),
        measured("capture 1080p JPEG 85", lambda: pictures.jpeg(frame), "range conversion and encoding", runs=60),
    ]


def case_sprite() -> list[Measurement]:
    """The sheet of an hour: sixty small pictures of a camera."""
    pictures = Pictures()
    minutes = dict(enumerate(thumbnail(pictures.small(frame)) for frame in islice(pedestrians((1280, 720)), 60)))
    return [
        measured("sprite sheet of an hour", lambda: sprite_sheet(minutes), "60 JPEG in, one out", goal_ms=20, runs=60)
    ]


def case_audio_level() -> list[Measurement]:
    samples = np.random.default_rng(1).integers(-3000, 3000, (48_000, 2), dtype=np.int16)
    taken = cpu_timed([partial(level, samples)] * 330)
    return [summary("audio level", taken[30:], "one second of 48 kHz stereo, CPU", goal_ms=0.3)]


def case_scene() -> list[Measurement]:
    scene = VisualScene(Scene(Schedule(START)))
    taken = timed(partial(scene.draw, at(index)) for index in range(300))
    return [summary("drawn scene 640x360", taken, "one picture as yuv420p", goal_ms=4)]


def pedestrians(size: tuple[int, int]) -> Iterator[VideoFrame]:
    with av.open(str(recording(PEDESTRIANS))) as container:
        for frame in container.decode(video=0):
            yield frame.reformat(*size)


def at(index: int) -> datetime:
    return START + timedelta(seconds=index / 10)
