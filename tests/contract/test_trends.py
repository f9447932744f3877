"""The agent keeps the frames around the same trends to which the hub alerts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from bus_schemas.codec import to_bytes
from bus_schemas.settings import Roi, ThermographySettings
from bus_schemas.thermal import Thermal, ThermalEvent
from consumers.alerting.incidents.trends import Trends
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import THERMAL
from edge.analysis.thermal import ThermalProcessor
from edge.analysis.thermometry import thermal_data
from edge.analysis.trend_limits import TrendLimits
from edge.capture.sources.source import ThermalFrame
from tests.builders import make

START: Final = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
LIMIT: Final = 15.0
PHASES: Final = {"L1": (4, 12), "L2": (12, 20), "L3": (20, 28)}
"""Three that touch, by their columns."""

Frame = NDArray[np.float32]
Scene = Callable[[float, Frame], Frame]


def phases(**limits: float) -> tuple[Roi, ...]:
    given = [
        {"name": name, "coordinates": ((left, 4), (right, 20)), "group": "phases", "emissivity": 1.0, "limits": limits}
        for name, (left, right) in PHASES.items()
    ]
    return tuple(Roi.model_validate(one) for one in given)


def frame_of(warm: float, noise: Frame) -> Frame:
    """The phase in the middle is that warm, and the others 40 °C."""
    frame = 30 + noise
    for name, (left, right) in PHASES.items():
        frame[4:20, left:right] += (warm if name == "L2" else 40.0) - 30
    return frame.astype(np.float32)


def joint_of(warm: float, noise: Frame) -> Frame:
    """One pixel of it is."""
    frame = frame_of(40.0, noise)
    frame[12, 16] += warm - 40
    return frame


class Sensor:
    """An agent's sensor, and the hub that reads its events."""

    def __init__(self, **limits: float) -> None:
        self._rois = phases(**limits)
        self._processor = ThermalProcessor(ThermographySettings(), self._rois)
        self._agent, self._hub = TrendLimits(), Trends()
        self._rules = AlertRules()

    def judge(self, raw: Frame, second: float) -> tuple[set[str], set[str]]:
        """The regions beyond a limit, to the agent and to the hub."""
        at = START + timedelta(seconds=second)
        reading = self._processor.process(raw, at)
        data = thermal_data(reading, ThermalFrame(at, 1, raw), (), self._processor)
        assert isinstance(data, Thermal)
        event = make(ThermalEvent, at, data.model_dump(), {})
        measured = self._hub.measure(at.timestamp(), THERMAL.decode(to_bytes(event)).data, self._rules)
        found = {one.region for excesses in measured.values() for one in excesses if one.value > one.limit}
        return set(self._agent.beyond(reading, self._rois, None)), found


@pytest.mark.parametrize("scene", [frame_of, joint_of])
@pytest.mark.parametrize(("above", "beyond"), [(LIMIT - 0.5, set()), (LIMIT + 0.5, {"L2"})])
def test_a_phase_that_touches_others_and_a_joint_of_one_pixel_are_as_warm_as_they_are(
    scene: Scene, above: float, beyond: set[str]
) -> None:
    sensor, quiet = Sensor(above_group_c=LIMIT), np.zeros((24, 32), np.float32)
    found = [sensor.judge(scene(40 + above, quiet), n / 8) for n in range(8)]

    assert found[1:] == [(beyond, beyond)] * 7  # one pixel of one frame is not confirmed yet


@pytest.mark.parametrize("limits", [{"above_group_c": 5.0}, {"above_ambient_c": 15.0}, {"rise_c_per_minute": 6.0}])
def test_a_region_goes_beyond_a_limit_at_the_agent_when_it_does_at_the_hub(limits: dict[str, float]) -> None:
    random, sensor = np.random.default_rng(7), Sensor(**limits)
    before: set[str] = set()
    begun = 0
    for n in range(8 * 90):
        noise = random.normal(0, 0.3, (24, 32)).astype(np.float32)
        warm = 43.0 + 6 * np.sin(n / 120) + random.normal(0, 0.5)
        agent, hub = sensor.judge(frame_of(warm, noise), n / 8)
        assert hub <= agent
        assert agent - before <= hub
        begun, before = begun + len(agent - before), agent

    assert 0 < begun < 20
