"""Which frames of a thermal sensor are kept, and how soon they go."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.radiometric import decode
from bus_schemas.settings import AdjustableSettings
from bus_schemas.streams import Traffic
from bus_schemas.thermal import ThermalEvent
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.settings import RatesSettings
from edge.analysis.alert_pictures import AlertPictures
from edge.analysis.pictures import Planes
from edge.analysis.thermometry import ThermalAnalysis, captions
from edge.capture.sources.source import ThermalFrame
from producer.ids import Ids, utc_now
from tests.thermal_watch import NOON, emitted, frame, spiked, watch


def kept_at(events: list[Event]) -> list[float]:
    return sorted((event.time - NOON).total_seconds() for event in events if isinstance(event, MediaEvent))


def test_one_frame_a_minute_is_kept() -> None:
    events = emitted(watch(), *[frame(second) for second in range(150)])

    assert kept_at(events) == [0, 60, 120]


def test_every_frame_around_an_alert_is_kept_to_a_hundredth_of_a_degree() -> None:
    watched = watch()
    hot = [second >= 80 for second in range(150)]
    drafts = [
        draft
        for second, is_hot in enumerate(hot)
        for draft in watched.analyse(frame(second, hottest=90.0 if is_hot else 30.0))
    ]
    media = {draft.event.time: draft.media for draft in drafts if isinstance(draft.event, MediaEvent)}

    assert kept_at([draft.event for draft in drafts]) == [0, 60, *range(70, 111), 120]
    exact = media[NOON + timedelta(seconds=75)]
    assert exact is not None
    assert float(np.abs(np.array(decode(exact).celsius) - frame(75).temperatures.ravel()).max()) < 0.0051


def blank(second: float) -> ThermalFrame:
    one = frame(second)
    one.temperatures[:] = np.nan
    return one


def test_a_frame_without_any_value_is_no_event_and_is_not_kept() -> None:
    assert emitted(watch(), *[blank(second) for second in range(150)]) == []


def test_frames_from_before_an_alert_are_kept_although_the_sensor_sees_nothing_after_it() -> None:
    events = emitted(
        watch(),
        *[frame(second) for second in range(80)],
        frame(80, hottest=90.0),
        frame(81, hottest=90.0),
        *[blank(second) for second in range(82, 100)],
    )

    assert kept_at(events) == [0, 60, *range(70, 82)]


def test_frames_without_any_value_in_between_are_no_change_of_the_level() -> None:
    hot = [frame(n / 8, hottest=90.0) if n % 2 else blank(n / 8) for n in range(80)]
    reported = [event for event in emitted(watch(), *hot) if isinstance(event, ThermalEvent)]

    assert len(reported) <= 11


def phase(name: str, column: int, **limits: float) -> dict[str, object]:
    return {"name": name, "coordinates": [[column, 9], [column + 4, 14]], "group": "phases", "limits": limits}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "limits",
    [{"above_group_c": 13.0}, {"above_ambient_c": 13.0}, {"rise_c_per_minute": 6.0}],
    ids=lambda one: str(*one),
)
def test_every_frame_around_a_trend_beyond_its_limit_is_kept_and_told_at_once(limits: dict[str, float]) -> None:
    rois = [phase("a", 2), phase("b", 10, **limits), phase("c", 20)]
    watched = watch()
    watched.apply(AdjustableSettings.model_validate_json(json.dumps({"rois": rois})))
    frames = [frame(n / 8, hottest=45.0 if n >= 8 * 80 + 2 else 30.0) for n in range(8 * 100)]
    for n, one in enumerate(frames):
        # Pixels that repeat one number would be masked.
        one.temperatures[10:13, 10:13] += 0.01 * (n % 3)
    events = emitted(watched, *frames)
    reported = [event for event in events if isinstance(event, ThermalEvent)]
    [at_once] = [event for event in reported if event.time.microsecond]

    assert {region.alert_level for event in reported for region in event.data.regions} == {"normal"}
    kept = kept_at(events)
    assert kept[:2] == [0, 60]
    assert 70 <= kept[2] < 72
    assert 80 < (at_once.time - NOON).total_seconds() < 81
    assert at_once.data.media
    assert {n / 8 for n in range(8 * 82, 8 * 100)} <= set(kept)


def test_the_frame_of_a_change_goes_with_the_events_and_those_around_it_before_ordinary_recordings() -> None:
    watched = watch()
    drafts = [one for n in range(80) for one in watched.analyse(frame(n / 8, 30.0 if n < 40 else 97.0))]
    drafts += watched.analyse(frame(120, 97.0))
    frames = [(one.event.data.key, one.traffic) for one in drafts if isinstance(one.event, MediaEvent)]
    named = [one.event.data.media for one in drafts if isinstance(one.event, ThermalEvent) and one.event.data.media]
    quick = [key for key, traffic in frames if traffic is Traffic.EVENTS]

    assert quick == [named[1][0]]  # the first is the regular one of the minute
    regular = [frames[0][0], frames[-1][0]]  # before the alert, and long after it
    assert {traffic for key, traffic in frames if key in regular} == {Traffic.RECORDING}
    assert {traffic for key, traffic in frames if key not in (*quick, *regular)} == {Traffic.EVIDENCE}
    assert len(frames) > 40


def test_a_frame_that_somebody_asked_for_goes_with_the_events_unless_it_is_large() -> None:
    noise = np.random.default_rng(1).normal(30, 5, (480, 640)).astype(np.float32)
    found = []
    for one_frame in (frame(1), ThermalFrame(NOON, 1, noise)):
        watched = watch()
        watched.capture_now(lambda key: None)
        found += [one.traffic for one in watched.analyse(one_frame) if isinstance(one.event, MediaEvent)]

    assert found == [Traffic.EVENTS, Traffic.EVIDENCE]


def test_a_region_that_would_reflect_more_than_is_measured_is_said_with_what_to_set() -> None:
    bushing = {"name": "bushing", "coordinates": [[4, 0], [14, 8]], "emissivity": 0.2}
    watched, found = watch(), []
    for reflected in (25.0, -5.0):
        rois = {"rois": [{**bushing, "reflected_c": reflected}]}
        watched.apply(AdjustableSettings.model_validate_json(json.dumps(rois)))
        cold = frame(0)
        watched.analyse(ThermalFrame(cold.time, 1, cold.temperatures - 25))
        found.append(watched.trouble)

    assert found == [
        "the region 'bushing' is colder than what it would reflect: with an emissivity of 0.2, reflected_c has to be"
        " lower than 25 °C",
        None,
    ]


def test_a_change_of_the_level_asks_the_camera_beside_it_for_a_picture() -> None:
    class Camera:
        planes: Planes | None = None
        alert_pictures = AlertPictures()

    camera, asked = Camera(), []
    watched = ThermalAnalysis(
        EventFactory("YARD", "SENSOR", Ids(utc_now)),
        RatesSettings(),
        AdjustableSettings(),
        captions(lambda: "Yard", lambda: ZoneInfo("UTC")),
        Previews(lambda *_: None),
        lambda: camera,
    )
    camera.alert_pictures.request = lambda: asked.append(number)  # type: ignore[method-assign]  # notes when
    for number in range(40):
        watched.analyse(frame(number / 8, 97.0 if number >= 16 else 30.0))

    assert len(asked) == 1
    assert asked[0] in (16, 17)


def test_a_level_that_changes_all_the_time_keeps_no_more_frames_than_are_allowed() -> None:
    watched = watch(rates=RatesSettings(thermal_alert_frames=20, thermal_frame_s=86_400))
    events = emitted(watched, *[frame(n / 8, hottest=90.0 if n // 4 % 2 else 30.0) for n in range(8 * 60)])

    assert len(kept_at(events)) == 21


def test_a_spike_of_one_pixel_keeps_no_frames() -> None:
    watched = watch()
    emitted(watched, *[frame(n / 8, hottest=20.0) for n in range(9)])
    events = emitted(watched, spiked(9 / 8, (5, 5)), *[frame(n / 8, hottest=20.0) for n in range(10, 40)])

    assert kept_at(events) == []


def test_a_snapshot_keeps_the_next_frame_and_says_its_key() -> None:
    watched = watch()
    emitted(watched, frame(0.0))
    keys: list[str] = []
    watched.capture_now(keys.append)
    events = emitted(watched, frame(1 / 8), frame(2 / 8))

    assert [event.data.key for event in events if isinstance(event, MediaEvent)] == keys
