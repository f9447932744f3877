"""The analysis of today over archived media: findings beside the events, and the rules judged by them."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import simplejpeg

from bus_schemas.camera import FrameEvent
from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.settings import AdjustableSettings
from bus_schemas.thermal import ThermalEvent
from consumers.alerting.rules import AlertRules
from consumers.alerting.what_if import files
from consumers.store.archive.reader import ArchiveReader
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.settings import RatesSettings
from edge.analysis.thermometry import ThermalAnalysis, captions
from edge.capture.sources.source import SourceEnded
from edge.capture.sources.thermal_csv import ThermalCsvSource
from producer.ids import Ids, utc_now
from tests import builders
from tests.builders import START, at
from tests.recordings import ROOM_THERMAL, recording
from tests.trial_hub import Past, past_of
from watchpost.trials.backfill import Backfill

Reported = list[tuple[datetime, Event]]


def noisy(seconds: int, level: int, size: tuple[int, int] = (180, 320)) -> bytes:
    picture = np.random.default_rng(seconds).normal(level, 6, (*size, 3)).clip(0, 255).astype(np.uint8)
    encoded: bytes = simplejpeg.encode_jpeg(picture, quality=85)
    return encoded


def camera(pictures: dict[int, bytes], **about: Any) -> tuple[Reported, dict[str, bytes]]:
    """A camera whose every frame was told as a good one, with a thumbnail each, and the hub's ticks."""
    reported: Reported = []
    payloads: dict[str, bytes] = {}
    for second, payload in pictures.items():
        medium = builders.media(at(second), payload)
        payloads[medium.data.key] = payload
        frame = builders.frame(at(second), **about)
        reported += [(at(second), one) for one in (builders.tick(at(second), uptime_s=float(second)), medium, frame)]
    return reported, payloads


def tried(past: Past, **wished: Any) -> tuple[Any, Any]:
    asked = past.asked(analysis=True, **wished)
    with ArchiveReader(past.data / "archive") as archive:
        return past.run(asked, analysis=Backfill(archive, asked.rule_set["hot_spot_c"], asked.settings))


def findings(past: Past, trial_id: str) -> list[tuple[str, str, str, Event]]:
    with closing(files.connect(files.find(past.data, trial_id))) as view:
        rows = view.execute("select original, media, analysis_version, body from findings order by position").fetchall()
    return [(original, media, version, *read_stored([body])) for original, media, version, body in rows]


@pytest.mark.thorough
def test_a_black_picture_that_nobody_saw_is_found(tmp_path: Path) -> None:
    pictures = {second: noisy(second, 120 if second < 60 or second > 120 else 2) for second in range(180)}
    past = past_of(tmp_path, *camera(pictures), ())
    trial, found = tried(past)
    plain, nothing = past.run(past.asked())

    ((kind, alert),) = found
    assert (kind, alert.type, alert.opened) == ("only_trial", "blackscreen", at(84))
    assert (trial.outcome.analysed, trial.outcome.media_gone) == (180, 0)
    assert (plain.outcome.counts.raised, nothing) == (0, [])


def test_each_finding_stands_beside_its_event_and_its_medium(tmp_path: Path) -> None:
    reported, payloads = camera({second: noisy(second, 2) for second in range(5)})
    past = past_of(tmp_path, reported, payloads, ())
    trial, _ = tried(past)

    originals = [event for _, event in reported if isinstance(event, FrameEvent)]
    for (original, media, version, event), before in zip(findings(past, trial.asked.id), originals, strict=True):
        assert isinstance(event, FrameEvent)
        assert (original, version, event.time) == (before.id, "picture 4, thermal 5", before.time)
        assert media in payloads
        assert (before.data.blackscreen, event.data.blackscreen) == (False, True)
        assert event.id != before.id
        assert event.data.audio == before.data.audio


@pytest.mark.thorough
def test_a_frozen_picture_is_found_and_a_still_one_is_not(tmp_path: Path) -> None:
    still = {second: noisy(second, 120) for second in range(60)}
    frozen = {second: noisy(59, 120) for second in range(60, 120)}
    past = past_of(tmp_path, *camera(still | frozen), ())
    _, found = tried(past)

    assert [(kind, alert.type) for kind, alert in found] == [("only_trial", "freeze")]


def test_the_bars_of_a_thumbnail_are_not_black_pixels(tmp_path: Path) -> None:
    square = np.zeros((180, 320, 3), np.uint8)
    square[:, 70:250] = np.frombuffer(np.random.default_rng(1).bytes(180 * 180 * 3), np.uint8).reshape(180, 180, 3)
    body: bytes = simplejpeg.encode_jpeg(square, quality=90)
    reported, payloads = camera(dict.fromkeys(range(3), body), width=1000, height=1000)
    past = past_of(tmp_path, reported, payloads, ())
    trial, _ = tried(past)

    events = [event for *_, event in findings(past, trial.asked.id)]
    shares = [event.data.blackscreen_percentage for event in events if isinstance(event, FrameEvent)]
    assert len(shares) == 3
    assert all(share is not None and share < 15 for share in shares)


def test_settings_of_the_trial_take_the_place_of_those_of_the_devices(tmp_path: Path) -> None:
    half = np.full((180, 320, 3), 120, np.uint8)
    half[:100] = 0
    body: bytes = simplejpeg.encode_jpeg(half, quality=95)
    reported, payloads = camera(dict.fromkeys(range(0, 60), body))
    wanted = builders.settings(at(0), settings={"picture": {"black_percentage": 99, "freeze_seconds": 1000}})
    past = past_of(tmp_path, [(at(0), wanted), *reported], payloads, ())
    _, as_set = tried(past)
    _, otherwise = tried(past, settings={"picture": {"black_percentage": 50, "freeze_seconds": 1000}})

    assert [alert.type for _, alert in as_set] == []
    assert [alert.type for _, alert in otherwise] == ["blackscreen"]


def test_what_is_not_kept_or_is_no_picture_stays_as_it_was(tmp_path: Path) -> None:
    reported, payloads = camera(dict.fromkeys(range(5), b"no picture"))
    reported.append((at(10), builders.frame(at(10), media=("DEMO/yard/capture/gone",))))
    reported.append((at(11), builders.thermal(at(11), media=("DEMO/yard/thermal/gone",))))
    past = past_of(tmp_path, reported, payloads, ())
    trial, _ = tried(past)

    assert (trial.state, trial.outcome.analysed, trial.outcome.media_gone) == ("done", 0, 7)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """The recording of a real sensor, as the agent tells it when it keeps a raw frame a second; at most 36 °C."""
    watch = ThermalAnalysis(
        EventFactory("DEMO", "oven", Ids(utc_now)),
        RatesSettings(thermal_frame_s=1.0),
        AdjustableSettings(),
        captions(lambda: "Demo", lambda: ZoneInfo("UTC")),
        Previews(lambda *_: None),
        lambda: None,
    )
    reported: Reported = []
    payloads: dict[str, bytes] = {}
    for frame in recorded(recording(ROOM_THERMAL)):
        for draft in watch.analyse(frame):
            reported.append((frame.time, draft.event))
            if isinstance(draft.event, MediaEvent) and draft.media is not None:
                payloads[draft.event.data.key] = draft.media
    ticks = [(at(second), builders.tick(at(second), uptime_s=float(second))) for second in range(0, 110, 5)]
    return past_of(
        tmp_path_factory.mktemp("room"),
        sorted([*reported, *ticks], key=lambda pair: pair[0]),
        payloads,
        (),
        AlertRules(hot_spot_c=32.1),
    )


def recorded(path: Path) -> Iterator[Any]:
    source = ThermalCsvSource(path, lambda: START, threading.Event().wait, pace=False)
    source.open()
    try:
        while True:
            yield source.read()
    except SourceEnded:
        source.close()


@pytest.mark.thorough
def test_a_real_recording_raises_under_the_rules_in_force_what_it_raised_live(room: Past) -> None:
    trial, _ = room.run(room.asked())
    again, _ = tried(room)
    higher, missed = room.run(room.asked(rules={"hot_spot_c": 40}))
    lower, _ = room.run(room.asked(rules={"hot_spot_c": 31, "hot_spot_clear_s": 1, "cool_down_s": 1}))

    assert trial.outcome.counts.model_dump() == {"raised": 1, "both": 1, "only_trial": 0, "only_live": 0}
    assert again.outcome.counts == trial.outcome.counts
    assert [(kind, alert.type) for kind, alert in missed] == [("only_live", "hot_spot")]
    assert (higher.outcome.counts.raised, lower.outcome.counts.raised) == (0, 1)


@pytest.mark.thorough
def test_the_analysis_again_says_of_a_real_recording_what_it_said(room: Past) -> None:
    trial, _ = tried(room)

    assert (trial.outcome.analysed, trial.outcome.media_gone) == (109, 0)
    with closing(files.connect(files.find(room.data, trial.asked.id))) as view:
        bodies = [body for (body,) in view.execute("select body from findings order by position")]
    again = [event for event in read_stored(bodies) if isinstance(event, ThermalEvent)]
    assert len(again) == 109
    assert all(event.data.regions[0].alert_level == "normal" for event in again)


@pytest.mark.thorough
def test_other_regions_are_tried_on_a_real_recording(room: Past) -> None:
    region = {
        "name": "wall",
        "coordinates": [[0, 0], [32, 24]],
        "thresholds": {"warning": 31, "critical": 60, "emergency": 90},
    }
    _, found = tried(room, settings={"rois": [region]})

    ((_, reported),) = found
    assert (reported.type, reported.details["regions"], reported.details["level"]) == ("hot_spot", ["wall"], "warning")
