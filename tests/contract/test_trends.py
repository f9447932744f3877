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
        self.rois = phases(**limits)
        self._processor = ThermalProcessor(ThermographySettings(), self.rois)
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
        return set(self._agent.beyond(reading, self.rois, None, self._processor.revisions)), found

    def edit(self, settings: ThermographySettings | None = None, **of_regions: object) -> None:
        """As somebody does on the page of the device."""
        self.rois = tuple(roi.model_copy(update=of_regions) for roi in self.rois)
        self._processor.apply(settings or ThermographySettings(), self.rois)


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


@pytest.mark.parametrize("limits", [{"above_group_c": 0.8}, {"above_ambient_c": 0.8}, {"rise_c_per_minute": 0.8}])
def test_a_limit_that_is_less_than_the_hysteresis_is_left_again_by_a_region_that_is_as_it_was(
    limits: dict[str, float],
) -> None:
    sensor, quiet = Sensor(**limits), np.zeros((24, 32), np.float32)
    cool, only_l2 = quiet + 30, quiet.copy()
    only_l2[4:20, slice(*PHASES["L2"])] = 1.0
    first = [sensor.judge(cool, n) for n in range(0, 60, 5)]
    warm = [sensor.judge(cool + only_l2, n) for n in range(60, 70)]
    after = [sensor.judge(cool, n) for n in range(70, 200, 5)]

    assert first[-1] == (set(), set())
    assert {"L2"} in [agent for agent, _ in warm]
    assert after[-1] == (set(), set())


EDITED: Final = [
    {"emissivity": 0.6},
    {"reflected_c": -40.0, "emissivity": 0.7},
    {"settings": ThermographySettings(ambient_c=-15.0)},
    {"settings": ThermographySettings(emissivity_formula="legacy"), "emissivity": 0.9},
]


@pytest.mark.parametrize("edit", EDITED, ids=str)
def test_a_region_that_is_measured_in_another_way_did_not_rise_by_what_that_differs(edit: dict[str, object]) -> None:
    sensor, quiet = Sensor(rise_c_per_minute=3.0), np.zeros((24, 32), np.float32)
    before = [sensor.judge(frame_of(60.0, quiet), n) for n in range(0, 60, 2)]
    sensor.edit(**edit)  # type: ignore[arg-type]  # settings, or values of each region
    after = [sensor.judge(frame_of(60.0, quiet), n) for n in range(60, 130, 2)]
    rising = [sensor.judge(frame_of(60.0 + (n - 130) / 6, quiet), n) for n in range(130, 190, 2)]

    assert [*before, *after] == [(set(), set())] * 65
    assert rising[-1] == ({"L2"}, {"L2"})
