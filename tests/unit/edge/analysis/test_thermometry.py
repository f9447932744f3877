"""What a thermal sensor's frames become."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas import codec
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.radiometric import CONTENT_TYPE, decode
from bus_schemas.settings import AdjustableSettings, Roi
from bus_schemas.streams import Traffic
from bus_schemas.thermal import RegionThresholds, ThermalEvent
from edge.agent.event_factory import EventFactory
from edge.agent.settings import RatesSettings
from edge.analysis.alert_pictures import AlertPictures
from edge.analysis.emissivity import corrected
from edge.analysis.pictures import Planes
from edge.analysis.thermometry import ThermalAnalysis, captions
from edge.capture.sources.source import ThermalFrame
from producer.ids import Ids, utc_now
from tests.examples import examples

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def watch(shown: list[str] | None = None, rates: RatesSettings | None = None) -> ThermalAnalysis:
    event_factory = EventFactory("YARD", "SENSOR", Ids(utc_now))
    kinds = shown if shown is not None else []
    caption = captions("Yard", "Europe/Berlin")
    return ThermalAnalysis(
        event_factory,
        rates or RatesSettings(),
        AdjustableSettings(),
        caption,
        lambda kind, _: kinds.append(kind),
        lambda: None,
    )


def frame(seconds: float, hottest: float = 30.0) -> ThermalFrame:
    temperatures = np.full((24, 32), 20.0, np.float32) + np.random.default_rng(round(seconds * 8)).normal(
        0, 0.1, (24, 32)
    )
    temperatures[10:13, 10:13] = hottest
    return ThermalFrame(NOON + timedelta(seconds=seconds), 1, temperatures.astype(np.float32))


def emitted(watched: ThermalAnalysis, *frames: ThermalFrame) -> list[Event]:
    return [draft.event for given in frames for draft in watched.analyse(given)]


def level_of(temp: float, thresholds: RegionThresholds) -> str:
    """As a subscriber works it out."""
    limits = {"emergency": thresholds.emergency, "critical": thresholds.critical, "warning": thresholds.warning}
    return next((level for level, limit in limits.items() if temp >= limit), "normal")


@examples(60)
@given(
    hottest=st.floats(-60, 420, width=32),
    warning=st.floats(-20, 100),
    emissivity=st.floats(0.1, 1.0),
    formula=st.sampled_from(["radiation", "legacy"]),
    filtered=st.booleans(),
)
def test_whoever_reads_the_event_comes_to_the_same_level(
    hottest: float, warning: float, emissivity: float, formula: str, filtered: bool
) -> None:
    thresholds = {"warning": warning, "critical": warning + 0.01, "emergency": warning + 30}
    roi = {"name": "a", "coordinates": [[8, 8], [20, 20]], "emissivity": emissivity, "thresholds": thresholds}
    settings = {"rois": [roi], "thermography": {"emissivity_formula": formula, "filtered": filtered}}
    watched = ThermalAnalysis(
        EventFactory("YARD", "SENSOR", Ids(utc_now)),
        RatesSettings(),
        AdjustableSettings.model_validate_json(json.dumps(settings)),
        captions("Yard", "UTC"),
        lambda *_: None,
        lambda: None,
    )
    sent = [codec.to_bytes(event) for event in emitted(watched, *[frame(n, hottest) for n in range(4)])]
    received = [event for body in sent for event in codec.decode(body) if isinstance(event, ThermalEvent)]

    assert len(received) == 4
    for event in received:
        (region,) = event.data.regions
        assert region.thresholds is not None
        assert region.peak_temp is not None
        assert region.confirmed_temp is not None
        assert region.alert_level == level_of(region.peak_temp, region.thresholds)
        assert region.confirmed_level == level_of(region.confirmed_temp, region.thresholds)


def test_a_hot_pixel_that_lasts_reads_the_same_in_every_peak() -> None:
    watched = watch()
    frames = [frame(n) for n in range(4)]
    for one in frames:
        one.temperatures[5, 5] = 110.0
    *_, event = [event for event in emitted(watched, *frames) if isinstance(event, ThermalEvent)]

    assert event.data.frame_stats.max_temp < 90
    assert (event.data.peak_temp, event.data.confirmed_max_temp) == (110.0, 110.0)
    assert event.data.regions[0].peak_temp == pytest.approx(corrected(110.0, 0.95), abs=1e-5)
    assert event.data.hot_spots[0].max_temp == 110.0


def test_eight_frames_a_second_are_one_event() -> None:
    events = emitted(watch(), *[frame(n / 8) for n in range(24)])

    assert [event.time for event in events if isinstance(event, ThermalEvent)] == [
        NOON,
        NOON + timedelta(seconds=1),
        NOON + timedelta(seconds=2),
    ]


def test_another_level_of_alert_is_told_at_once() -> None:
    watched = watch()
    emitted(watched, *[frame(n / 8) for n in range(9)])
    events = emitted(watched, frame(9 / 8, hottest=90.0))

    (event,) = [event for event in events if isinstance(event, ThermalEvent)]
    assert event.data.regions[0].alert_level == "critical"
    assert event.data.hot_spots[0].area == 9


def test_the_raw_frame_can_be_read_back() -> None:
    drafts = watch().analyse(frame(0.0))
    medium, event = drafts[1], drafts[2].event
    assert medium.media is not None
    assert isinstance(medium.event, MediaEvent)
    assert isinstance(event, ThermalEvent)

    back = decode(medium.media)
    assert (back.rows, back.columns, medium.event.data.content_type) == (24, 32, CONTENT_TYPE)
    assert float(np.abs(np.array(back.celsius) - frame(0.0).temperatures.ravel()).max()) < 0.0501
    assert event.data.media == (medium.event.data.key,)


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
        captions("Yard", "UTC"),
        lambda *_: None,
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


def test_a_frame_of_nothing_is_no_event() -> None:
    nothing = ThermalFrame(NOON, 1, np.full((24, 32), np.nan, np.float32))

    assert [type(event) for event in emitted(watch(), nothing)] == [MediaEvent]


def test_pixels_that_the_sensor_lists_raise_no_alarm_and_are_counted_until_another_sensor_lists_others() -> None:
    watched = watch()
    odd = frame(0.0)
    odd.temperatures[1, 1] = 250.0
    odd.temperatures[5, 5] = np.nan
    later = replace(odd, time=odd.time + timedelta(seconds=1))
    events = emitted(watched, replace(odd, listed_bad=(33,)), later)
    listed, unlisted = [event for event in events if isinstance(event, ThermalEvent)]

    assert (listed.data.bad_pixels, listed.data.hot_spots) == (2, ())
    assert listed.data.frame_stats.max_temp < 31
    assert (unlisted.data.bad_pixels, len(unlisted.data.hot_spots)) == (1, 1)


def test_regions_are_those_that_were_set() -> None:
    watched = watch()
    emitted(watched, frame(0.0))
    watched.apply(AdjustableSettings(rois=(Roi(name="lid", coordinates=((9, 9), (14, 14))),)))
    (event,) = emitted(watched, frame(1.0))

    assert isinstance(event, ThermalEvent)
    assert [region.name for region in event.data.regions] == ["lid"]


def test_previews_without_a_camera_are_thermal_only() -> None:
    shown: list[str] = []
    emitted(watch(shown), *[frame(n / 8) for n in range(8)])

    assert shown == ["thermal", "thermal"]


def test_the_clock_in_the_picture_is_that_of_the_site() -> None:
    assert captions("Yard", "Europe/Berlin")(NOON).time.hour == 13


def spiked(seconds: float, *pixels: tuple[int, int], hottest: float = 110.0) -> ThermalFrame:
    """A cool frame in which these pixels, row and column, are hot."""
    cool = frame(seconds, hottest=20.0)
    for pixel in pixels:
        cool.temperatures[pixel] = hottest
    return cool


def heat_of(drafts: list[Event]) -> list[tuple[float, str, str, float | None]]:
    """Of each event: when, the level as measured, the level that is confirmed, and the confirmed maximum."""
    return [
        (
            (event.time - NOON).total_seconds(),
            event.data.regions[0].alert_level,
            event.data.regions[0].confirmed_level or "",
            event.data.confirmed_max_temp,
        )
        for event in drafts
        if isinstance(event, ThermalEvent)
    ]


def test_a_spike_of_one_pixel_in_one_frame_is_told_at_once_and_is_not_confirmed() -> None:
    watched = watch()
    emitted(watched, *[frame(n / 8, hottest=20.0) for n in range(9)])
    (spike,) = emitted(watched, spiked(9 / 8, (5, 5)))
    after = heat_of(emitted(watched, frame(10 / 8, hottest=20.0)))

    assert isinstance(spike, ThermalEvent)
    assert spike.data.hot_spots[0].max_temp == 110.0
    assert [(level, confirmed) for _, level, confirmed, _ in heat_of([spike])] == [("emergency", "normal")]
    assert (spike.data.confirmed_max_temp or 0) < 25
    assert [(level, confirmed) for _, level, confirmed, _ in after] == [("normal", "normal")]


def test_one_hot_pixel_is_confirmed_by_the_next_frame_which_is_told_at_once() -> None:
    watched = watch()
    emitted(watched, *[frame(n / 8, hottest=20.0) for n in range(9)])
    first, second = heat_of(emitted(watched, spiked(9 / 8, (5, 5)), spiked(10 / 8, (5, 6))))

    assert first[1:3] == ("emergency", "normal")
    assert second[0] == 10 / 8
    assert second[1:] == ("emergency", "emergency", 110.0)


def test_a_hot_spot_of_four_pixels_is_confirmed_at_once_by_its_neighbours() -> None:
    watched = watch()
    emitted(watched, *[frame(n / 8, hottest=20.0) for n in range(9)])
    ((_, level, confirmed, hottest),) = heat_of(emitted(watched, spiked(9 / 8, (5, 5), (5, 6), (6, 5), (6, 6))))

    assert (level, confirmed, hottest) == ("emergency", "emergency", 110.0)


def test_a_step_of_the_whole_frame_is_confirmed_in_its_first_frame() -> None:
    watched = watch()
    drafts = emitted(watched, *[ThermalFrame(NOON, 1, np.full((24, 32), 40.0, np.float32))])
    hot = ThermalFrame(NOON + timedelta(seconds=1 / 8), 2, np.full((24, 32), 100.0, np.float32))

    assert [confirmed for _, _, confirmed, _ in heat_of(drafts + emitted(watched, hot))] == ["normal", "emergency"]


def test_a_transformer_that_stands_out_is_in_the_event_and_nothing_where_none_does() -> None:
    warm = frame(0.0)
    warm.temperatures[6:18, 8:22] += 30
    (found,) = [event.data.transformer for event in emitted(watch(), warm) if isinstance(event, ThermalEvent)]
    (none,) = [
        event.data.transformer for event in emitted(watch(), frame(0.0, 20.0)) if isinstance(event, ThermalEvent)
    ]

    assert found is not None
    assert 45 < found.avg_temp < 55
    assert 0.5 < found.detection_confidence < 0.7
    assert none is None
