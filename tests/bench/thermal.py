"""How long thermal frames and their pictures take."""

from datetime import UTC, datetime, timedelta
from functools import partial

import av
import cv2
import numpy as np

from bus_schemas.fusion_settings import FieldsOfView
from bus_schemas.radiometric import FINEST_STEP_C, RadiometricFrame, decode, encode
from bus_schemas.roi_sets import ROI_SETS
from bus_schemas.settings import FusionSettings, ThermographySettings
from edge.agent.settings import RatesSettings
from edge.analysis.fusion import Fusion
from edge.analysis.pictures import Pictures
from edge.analysis.render import Caption, thermal_jpeg
from edge.analysis.thermal import ThermalProcessor
from edge.capture.sources.csv_lines import BadLines, bounded_lines
from edge.capture.sources.thermal_csv import recorded_frames
from tests.bench.measure import Measurement, measured, summary, timed
from tests.recordings import ROOM_THERMAL, ROOM_VISUAL, recording

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
LENSES = FieldsOfView(by="fields_of_view", thermal=(110, 75), visual=(62, 49))
ROIS = ROI_SETS["substation"]
USUAL_STEP_C = RatesSettings().thermal_step_c


def case_thermal_frame() -> list[Measurement]:
    """Every filter, five regions, hot spots, statistics and composite, without and with a hot spot to find."""
    cv2.setNumThreads(1)
    found = []
    for name, threshold in (("calm", 80.0), ("with hot spots", 29.5)):
        processor = ThermalProcessor(ThermographySettings(ambient_c=24.0, hot_spot_c=threshold), ROIS)
        taken = timed(partial(processor.process, frame, at(index)) for index, frame in enumerate(room()))
        found.append(summary(f"thermal frame {name}", taken[20:], "filters, 5 regions, hot spots", goal_ms=0.1))
    return [*found, _large_frame()]


def _large_frame() -> Measurement:
    """Of a sensor with 160 x 120 pixels."""
    random = np.random.default_rng(1)
    frames = [random.normal(25, 2, (120, 160)).astype(np.float32) for _ in range(8)]
    processor = ThermalProcessor(ThermographySettings(ambient_c=24.0), ROIS)
    taken = timed(partial(processor.process, frames[index % 8], at(index)) for index in range(400))
    return summary("thermal frame 160x120", taken[20:], "filters, 5 regions, calm", goal_ms=0.5)


def case_thermal_jpeg() -> list[Measurement]:
    cv2.setNumThreads(1)
    processor = ThermalProcessor(rois=ROIS)
    reading = [processor.process(frame, START) for frame in room()[380:400]][-1]
    run = partial(thermal_jpeg, reading.frame, Caption("HEAD_OFFICE", START), ROIS, reading.regions)
    return [measured("thermal JPEG 640x480", run, "colours, 5 boxes and labels, bar, encoding", goal_ms=1.0)]


def case_thermal_history() -> list[Measurement]:
    """A raw frame as it is kept: one of a room, in the usual steps and those of an alert."""
    found = []
    for step_c in (USUAL_STEP_C, FINEST_STEP_C):
        frames = [RadiometricFrame(32, 24, frame.ravel().tolist()) for frame in room()[::10]]
        taken = timed(partial(encode, frame, step_c) for frame in frames)
        size = sum(len(encode(frame, step_c)) for frame in frames) / len(frames)
        found.append(summary(f"thermal frame kept, {step_c:g} °C", taken, f"{size:.0f} B a frame; goal 400"))
    body = encode(frames[0], USUAL_STEP_C)
    return [*found, measured("thermal frame read back", partial(decode, body), "24 x 32")]


def case_fusion() -> list[Measurement]:
    """1920 x 1080, of full-range planes as captures have them, and from the decoder's frame."""
    cv2.setNumThreads(1)
    with av.open(str(recording(ROOM_VISUAL))) as container:
        frame = next(container.decode(video=0)).reformat(1920, 1080)
    pictures, thermal = Pictures(), room()[400]
    fusion = Fusion(FusionSettings(alignment=LENSES))
    outlines = Fusion(FusionSettings(alignment=LENSES, form="edges"))
    planes = pictures.planes(frame)
    return [
        measured("fusion 1080p", lambda: fusion.jpeg(planes, thermal), "mixing and encoding", goal_ms=4, runs=80),
        measured("fusion 1080p, encoding alone", planes.jpeg, "the limit: the camera's picture as JPEG", runs=80),
        measured("fusion 1080p of outlines", lambda: outlines.jpeg(planes, thermal), "edges and encoding", runs=80),
        measured(
            "fusion 1080p from a frame",
            lambda: fusion.jpeg(pictures.planes(frame), thermal),
            "range conversion, mixing and encoding",
            runs=80,
        ),
    ]


def room() -> list[np.ndarray]:
    with recording(ROOM_THERMAL).open(newline="", encoding="utf-8") as file:
        return [frame.temperatures for frame in recorded_frames(bounded_lines(file), BadLines())]


def at(index: int) -> datetime:
    return START + timedelta(seconds=index / 8)
