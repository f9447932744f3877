"""Pixels that the sensor lists or that spike, and what confirms that heat is real."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from bus_schemas.event import Event
from bus_schemas.settings import AdjustableSettings, Roi
from bus_schemas.thermal import ThermalEvent
from edge.agent.previews import Previews
from edge.analysis.thermometry import captions
from edge.capture.sources.source import ThermalFrame
from producer.relay.bus_messages import OnAcknowledged
from tests.thermal_watch import NOON, emitted, frame, spiked, watch


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


def test_temperatures_are_drawn_only_for_somebody() -> None:
    shown: list[str] = []

    def send(kind: str, _jpeg: bytes, on_acknowledged: OnAcknowledged | None = None) -> None:
        shown.append(kind)
        if on_acknowledged is not None:
            on_acknowledged(is_read=False)

    previews = Previews(send, lambda: 0.0)
    watched = watch(previews=previews)
    emitted(watched, *[frame(n / 8) for n in range(16)])
    for_nobody = len(shown)
    previews.watch("thermal", 10.0)
    emitted(watched, *[frame(n / 8) for n in range(16, 32)])

    assert (for_nobody, len(shown)) == (1, 5)


def test_the_clock_in_the_picture_is_that_of_the_site() -> None:
    assert captions(lambda: "Yard", lambda: ZoneInfo("Europe/Berlin"))(NOON).time.hour == 13


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
