"""What a thermal sensor's frames become."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas import codec
from bus_schemas.media import MediaEvent
from bus_schemas.radiometric import CONTENT_TYPE, decode
from bus_schemas.settings import AdjustableSettings
from bus_schemas.thermal import RegionThresholds, ThermalEvent
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.settings import RatesSettings
from edge.analysis.emissivity import corrected
from edge.analysis.thermometry import ThermalAnalysis, captions
from producer.ids import Ids, utc_now
from tests.examples import examples
from tests.thermal_watch import NOON, emitted, frame, watch


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
        captions(lambda: "Yard", lambda: ZoneInfo("UTC")),
        Previews(lambda *_: None),
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


def test_a_caption_has_the_name_that_its_site_has_now() -> None:
    names = ["Yard"]
    caption = captions(lambda: names[-1], lambda: ZoneInfo("UTC"))
    before = caption(NOON).site
    names.append("North yard")

    assert (before, caption(NOON).site) == ("Yard", "North yard")


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
    medium, event = drafts[0], drafts[1].event
    assert medium.media is not None
    assert isinstance(medium.event, MediaEvent)
    assert isinstance(event, ThermalEvent)

    back = decode(medium.media)
    assert (back.rows, back.columns, medium.event.data.content_type) == (24, 32, CONTENT_TYPE)
    assert float(np.abs(np.array(back.celsius) - frame(0.0).temperatures.ravel()).max()) < 0.0751
    assert event.data.media == (medium.event.data.key,)


def test_a_sensor_whose_pixels_are_all_masked_says_why_it_measures_nothing() -> None:
    watched = watch()
    whole = {"thermography": {"broken_pixels": [[x, y] for x in range(32) for y in range(24)]}}
    watched.apply(AdjustableSettings.model_validate(whole, strict=False))
    events = emitted(watched, frame(0.0))

    assert not any(isinstance(event, ThermalEvent) for event in events)
    assert watched.trouble == "every pixel with a value is masked as broken, so that nothing is measured"
    watched.apply(AdjustableSettings())
    emitted(watched, frame(1.0))
    assert watched.trouble is None
