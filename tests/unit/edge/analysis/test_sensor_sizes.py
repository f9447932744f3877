"""Sensors of every size, from the recording to the event and the picture."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bus_schemas.codec import decode, to_bytes
from bus_schemas.roi_sets import ROI_SETS
from bus_schemas.settings import AdjustableSettings
from bus_schemas.thermal import SensorEvent, ThermalEvent
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.settings import RatesSettings
from edge.analysis.thermometry import ThermalAnalysis, captions
from edge.capture.sources.source import ThermalFrame
from edge.capture.sources.thermal_csv import SHAPES, ThermalCsvSource
from producer.ids import Ids, utc_now
from tests.simulated_clock import SimulatedClock

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
FRAMES = 4
Frame = NDArray[np.float32]

shapes = pytest.mark.parametrize("shape", [*SHAPES.values(), (7, 5), (480, 640)], ids=str)


def hot_at_the_bottom(shape: tuple[int, int], seed: int) -> Frame:
    """30 °C, and 95 °C in the last sixth of the rows."""
    frame = np.random.default_rng(seed).normal(30, 0.1, shape)
    frame[-max(1, shape[0] // 6) :] = 95.0
    return frame.astype(np.float32)


def analysis(shown: list[bytes]) -> ThermalAnalysis:
    return ThermalAnalysis(
        EventFactory("YARD", "SENSOR", Ids(utc_now)),
        RatesSettings(),
        AdjustableSettings(rois=ROI_SETS["substation"]),
        captions(lambda: "Yard", lambda: ZoneInfo("UTC")),
        Previews(lambda _kind, jpeg, _acknowledged: shown.append(jpeg)),
        lambda: None,
    )


@pytest.mark.thorough
@shapes
def test_regions_levels_and_hot_spots_are_those_of_the_whole_frame(shape: tuple[int, int]) -> None:
    shown: list[bytes] = []
    watched = analysis(shown)
    events = [
        draft.event
        for n in range(FRAMES)
        for draft in watched.analyse(ThermalFrame(START + timedelta(seconds=n), n, hot_at_the_bottom(shape, n)))
    ]
    thermal = [event for event in events if isinstance(event, ThermalEvent)][-1].data
    regions = {region.name: region for region in thermal.regions}

    assert (thermal.rows, thermal.columns) == shape
    assert regions["full_frame"].pixel_count == shape[0] * shape[1]
    assert regions["cooling_system"].alert_level == "emergency"
    assert regions["hv_bushing"].alert_level == "normal"
    assert len(thermal.hot_spots) == 1
    assert not any(event.data.faults for event in events if isinstance(event, SensorEvent))
    assert [decode(to_bytes(event)) for event in events] == [[event] for event in events]
    picture = cv2.imdecode(np.frombuffer(shown[0], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (480, 640, 3)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=str)
@pytest.mark.parametrize("with_rt", [True, False])
def test_a_recording_of_each_size_is_read(tmp_path: Path, shape: tuple[int, int], with_rt: bool) -> None:
    frame = hot_at_the_bottom(shape, 1)
    rt = ["25.0"] if with_rt else []
    lines = [";".join([f"2026-01-05 10:00:0{n}", *rt, *(f"{value:.2f}" for value in frame.ravel())]) for n in range(3)]
    file = tmp_path / "thermal.csv"
    file.write_text("\n".join([lines[0], lines[1][:-40], lines[2], ""]).replace(".", ","), encoding="latin-1")
    clock = SimulatedClock()
    source = ThermalCsvSource(file, clock, clock.pause)
    source.open()
    frames = [source.read(), source.read()]
    source.close()

    assert [each.temperatures.shape for each in frames] == [shape] * 2
    assert frames[1].temperatures == pytest.approx(frame, abs=0.006)
    assert len(source.bad_lines) == 1


def test_another_sensor_in_the_place_of_one_begins_anew() -> None:
    watched = analysis([])
    shapes_seen = []
    for n, shape in enumerate([(24, 32), (24, 32), (120, 160), (24, 32)]):
        drafts = watched.analyse(ThermalFrame(START + timedelta(seconds=n), n, hot_at_the_bottom(shape, n)))
        shapes_seen += [
            (e.rows, e.columns) for d in drafts if isinstance(d.event, ThermalEvent) for e in [d.event.data]
        ]

    assert shapes_seen == [(24, 32), (24, 32), (120, 160), (24, 32)]
