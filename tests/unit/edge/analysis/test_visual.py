"""What a camera's pictures become."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from av.video.frame import VideoFrame

from bus_schemas.camera import FrameEvent, MotionEvent
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent, SnapshotEvent
from bus_schemas.recording_settings import ScheduleWindow
from bus_schemas.settings import AdjustableSettings, PictureSettings, SnapshotSettings
from bus_schemas.streams import Traffic
from edge.agent.event_factory import EventFactory
from edge.agent.picture_thinning import LEVELS
from edge.agent.previews import Previews
from edge.agent.settings import DeviceSettings, RatesSettings
from edge.agent.source_settings import SceneSourceSettings
from edge.analysis.pictures import Pictures, Planes
from edge.analysis.visual import VisualAnalysis
from edge.capture.sources.source import CameraFrame, Samples
from edge.simulation.scene import Scene
from edge.simulation.schedule import SceneFault, Schedule
from edge.simulation.visual_scene import VisualScene
from producer.ids import Ids, utc_now
from producer.relay.bus_messages import OnAcknowledged

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BLACK = SceneFault("black", start_s=10, duration_s=5)


def watch(shown: list[bytes] | None = None, previews: Previews | None = None, **rates: float) -> VisualAnalysis:
    event_factory = EventFactory("YARD", "GATE", Ids(utc_now))
    sent = shown if shown is not None else []
    previews = previews or Previews(lambda _, jpeg, on_acknowledged: sent.append(jpeg))
    settings = DeviceSettings(
        site="YARD",
        device="GATE",
        name="North gate",
        visual=SceneSourceSettings(kind="scene", scene="visual"),
        rates=RatesSettings(**rates),  # type: ignore[arg-type]  # as each test names them
        time_zone="Europe/Berlin",
    )
    return VisualAnalysis(event_factory, settings, AdjustableSettings(), Pictures(), None, previews)


def watch_beside_a_sensor(previews: Previews | None = None, rates: RatesSettings | None = None) -> VisualAnalysis:
    settings = DeviceSettings(
        site="YARD",
        device="GATE",
        visual=SceneSourceSettings(kind="scene", scene="visual"),
        thermal=SceneSourceSettings(kind="scene", scene="thermal"),
        rates=rates or RatesSettings(),
    )
    event_factory, previews = EventFactory("YARD", "GATE", Ids(utc_now)), previews or Previews(lambda *_: None)
    return VisualAnalysis(event_factory, settings, AdjustableSettings(), Pictures(), None, previews)


def frames(seconds: float, fps: float = 5.0, people: int = 0) -> list[CameraFrame]:
    scene = VisualScene(Scene(Schedule(NOON, (BLACK,)), seed=2, people=people), size=(320, 180))
    times = [NOON + timedelta(seconds=number / fps) for number in range(round(seconds * fps))]
    return [CameraFrame(time, number, scene.draw(time)) for number, time in enumerate(times, start=1)]


def grey_frame(number: int, level: int, size: tuple[int, int] = (320, 180)) -> CameraFrame:
    """One each second."""
    picture = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
    picture[: size[1]] = level
    return CameraFrame(NOON + timedelta(seconds=number), number, VideoFrame.from_ndarray(picture, format="yuv420p"))


def emitted(watched: VisualAnalysis, given: list[CameraFrame]) -> list[Event]:
    return [draft.event for frame in given for draft in watched.analyse(frame)]


def test_pictures_are_kept_at_their_rates_and_media_come_first() -> None:
    previews: list[bytes] = []
    events = emitted(watch(previews, capture_fps=1, thumbnail_fps=0.5, live_fps=2.5), frames(4))

    kinds = [event.data.kind for event in events if isinstance(event, MediaEvent)]
    assert (kinds.count("capture"), kinds.count("thumbnail"), len(previews)) == (4, 2, 10)
    assert [type(event) for event in events[:3]] == [MediaEvent, MediaEvent, FrameEvent]


def test_the_newest_full_picture_is_kept_for_the_heat_beside_it() -> None:
    watched, alone = watch_beside_a_sensor(), watch()
    watched.analyse(grey_frame(1, 60))
    alone.analyse(grey_frame(1, 60))
    first = watched.planes
    watched.analyse(grey_frame(2, 90))

    assert first is not None
    assert watched.planes is not None
    assert (first.y[0, 0], watched.planes.y[0, 0]) == (51, 86)
    assert alone.planes is None


def test_a_frame_refers_to_the_capture_that_was_made_of_it() -> None:
    events = emitted(watch(capture_fps=1), frames(3))
    captures = [event.data.key for event in events if isinstance(event, MediaEvent) and event.data.kind == "capture"]
    analyses = [event for event in events if isinstance(event, FrameEvent)]

    # One more is said, when it became known whether the picture is frozen.
    assert [(event.data.media, event.data.freeze) for event in analyses] == [
        ((captures[0],), None),
        ((), False),
        *(((key,), False) for key in captures[1:]),
    ]
    assert analyses[-1].data.last_3_media == tuple(captures)


def test_freeze_differences_are_those_of_the_captures_beside_them() -> None:
    given = [grey_frame(number, level) for number, level in enumerate((50, 90, 60, 90, 70, 90, 120, 90, 110))]
    events = [event for event in emitted(watch(capture_fps=0.5), given) if isinstance(event, FrameEvent)]

    # Every second frame is a capture: 50, 60, 70, 120, 110, of which 16 to 235 become 0 to 255.
    assert events[-1].data.freeze_diffs == pytest.approx([255 / 219 * one for one in (50, 40, 10)], abs=1.5)
    assert len(events[-1].data.last_3_media) == 3


def test_captures_of_another_size_are_not_listed_with_those_before() -> None:
    given = [grey_frame(number, 60, size=(320, 180) if number < 4 else (160, 120)) for number in range(6)]
    events = [event for event in emitted(watch(capture_fps=1), given) if isinstance(event, FrameEvent)]

    assert [len(event.data.last_3_media) for event in events] == [1, 2, 3, 3, 1, 2]
    assert [event.data.freeze for event in events] == [None, None, True, True, None, None]


def test_a_black_picture_is_told_at_once() -> None:
    events = [event for event in emitted(watch(), frames(12)) if isinstance(event, FrameEvent)]
    black = [event for event in events if event.data.blackscreen]

    assert black[0].time == NOON + timedelta(seconds=10)
    assert black[0].data.blackscreen_percentage == 100.0
    assert not any(event.data.blackscreen for event in events if event.time < black[0].time)


def test_other_thresholds_hold_from_the_next_picture_on() -> None:
    watched = watch()
    emitted(watched, frames(1))
    watched.apply(AdjustableSettings(picture=PictureSettings(black_percentage=0.1)))
    dark = np.full((180 * 3 // 2, 320), 128, np.uint8)
    dark[:180] = 120
    dark[:2] = 16
    picture = VideoFrame.from_ndarray(dark, format="yuv420p")
    events = emitted(watched, [CameraFrame(NOON + timedelta(seconds=1), 6, picture)])

    assert [event.data.blackscreen for event in events if isinstance(event, FrameEvent)] == [True]


ODD: dict[str, tuple[str, Any]] = {
    "of one pixel": ("gray", np.zeros((1, 1), np.uint8)),
    "of one pixel in colour": ("rgb24", np.zeros((1, 1, 3), np.uint8)),
    "of one row": ("gray", np.full((1, 400), 90, np.uint8)),
    "of one column": ("rgb24", np.full((400, 1, 3), 90, np.uint8)),
    "of one channel": ("gray", np.full((240, 320), 90, np.uint8)),
    "of sixteen bits": ("gray16le", np.full((100, 100), 20_000, np.uint16)),
    "of packed chroma": ("yuyv422", np.full((100, 100, 2), (90, 128), np.uint8)),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_frame_of_whatever_size_and_format_is_analysed(odd: str) -> None:
    form, array = ODD[odd]
    watched = watch(capture_fps=5, thumbnail_fps=5, live_fps=5)
    picture = VideoFrame.from_ndarray(array, format=form)
    given = [CameraFrame(NOON + timedelta(seconds=number / 5), number, picture) for number in range(16)]
    found = [event for event in emitted(watched, given) if isinstance(event, FrameEvent)]

    last = found[-1].data
    assert (last.analyzed, last.freeze, last.corrupt_rows, last.width) == (True, True, False, array.shape[1])
    assert last.macroblocks in (False, None)


def test_an_event_has_the_values_with_their_thresholds() -> None:
    [*_, event] = [event for event in emitted(watch(capture_fps=2), frames(4)) if isinstance(event, FrameEvent)]
    found = event.data

    assert (found.blackscreen_threshold, found.blackscreen_region, found.zap) == (95, (0, 100), False)
    assert (found.identical_rows, found.identical_rows_threshold, found.block_threshold) == (0, 18, 4)
    assert found.block_percentage is not None
    assert found.block_percentage < 4
    assert found.freeze_comparisons == ()
    assert found.performance_ms is not None


def test_captures_that_count_as_the_same_are_told_with_how_much_they_differ() -> None:
    given = [grey_frame(number, 60) for number in range(6)]
    [*_, event] = [event for event in emitted(watch(capture_fps=1), given) if isinstance(event, FrameEvent)]
    found = event.data.freeze_comparisons

    assert event.data.freeze is True
    assert [one.previous_frame for one in found] == list(event.data.last_3_media[:2])
    assert {(one.current_frame, one.difference_percentage, one.frozen) for one in found} == {
        (event.data.last_3_media[2], 0.0, True)
    }


def test_a_frame_whose_analysis_failed_says_why_once_a_second() -> None:
    watched, given = watch(), frames(3)
    drafts = [draft for frame in given for draft in watched.skipped(frame, "no memory")]
    found = [draft.event for draft in drafts if isinstance(draft.event, FrameEvent)]

    assert [(event.data.analyzed, event.data.skip_reason, event.data.blackscreen) for event in found] == [
        (False, "no memory", None)
    ] * 3


def test_sound_is_unknown_until_it_is_heard_and_again_when_it_stays_away() -> None:
    watched = watch()
    given = frames(9)
    loud = np.full((16_000, 1), 12_000, np.int16)
    silent = emitted(watched, given[:1])
    watched.analyse_sound(Samples(NOON, loud, 16_000))
    events = [event for event in silent + emitted(watched, given[1:]) if isinstance(event, FrameEvent)]

    assert [event.data.audio for event in events][:2] == [None, True]
    assert events[-1].data.audio is None


def test_motion_begins_goes_on_and_ends_with_boxes() -> None:
    watched = watch()
    still = frames(8)
    walked = frames(9, people=12)[30:]
    moved = [
        CameraFrame(still[-1].time + timedelta(seconds=0.2 * n), 0, f.picture) for n, f in enumerate(walked, start=1)
    ]
    after = [CameraFrame(moved[-1].time + timedelta(seconds=0.2 * n), 0, still[0].picture) for n in range(1, 60)]
    events = [event for event in emitted(watched, [*still, *moved, *after]) if isinstance(event, MotionEvent)]

    phases = [event.data.phase for event in events]
    assert (phases[0], phases[-1]) == ("start", "end")
    assert "update" in phases
    lasted = [event.data.duration_s for event in events if event.data.phase == "update"]
    assert lasted == sorted(lasted)
    assert lasted[0] > 0
    assert events[-1].data.duration_s > 1
    assert all(event.data.boxes for event in events)


def evidence(watched: VisualAnalysis, given: list[CameraFrame]) -> list[float]:
    """The seconds of the pictures that go before others."""
    drafts = [(frame, draft) for frame in given for draft in watched.analyse(frame)]
    assert all(draft.traffic is Traffic.EVIDENCE for _, draft in drafts if draft.is_evidence)
    return [(frame.time - NOON).total_seconds() for frame, draft in drafts if draft.is_evidence]


def test_the_picture_in_which_a_fault_begins_goes_before_others_once_in_a_while() -> None:
    dark = [grey_frame(n, 16 if n in (3, 4, 8, 9, 40, 41) else 120 + n % 5 * 20) for n in range(50)]

    assert evidence(watch(), dark) == [3, 40]


def test_at_an_alert_of_the_sensor_beside_it_a_picture_is_taken_on_whatever_link() -> None:
    watched = watch()
    watched.regular.thinning.level = len(LEVELS) - 1
    before = evidence(watched, frames(4))
    watched.alert_pictures.request()

    assert before == []
    assert evidence(watched, frames(4)) == [0]


def test_somebody_who_asks_gets_a_snapshot_at_once() -> None:
    watched = watch(capture_fps=0.01, thumbnail_fps=0.01)
    first = emitted(watched, frames(0.2))
    keys: list[str] = []
    watched.capture_now(keys.append)
    events = emitted(watched, frames(0.6)[1:])

    assert sum(isinstance(event, MediaEvent) for event in first) == 2
    (picture,) = [event for event in events if isinstance(event, MediaEvent)]
    (taken,) = [event for event in events if isinstance(event, SnapshotEvent)]
    assert keys == [picture.data.key] == list(taken.data.media)
    assert (taken.data.trigger, taken.data.width, taken.data.height) == ("command", 320, 180)


def test_snapshots_are_taken_at_their_interval_in_their_hours() -> None:
    watched = watch(capture_fps=0.01, thumbnail_fps=0.01)
    hours = (ScheduleWindow(start="13:00", end="14:00"),)
    watched.apply(AdjustableSettings(snapshots=SnapshotSettings(every_s=10, schedule=hours)))
    given = [grey_frame(number, 60) for number in range(-30, 30)]

    taken = [event for event in emitted(watched, given) if isinstance(event, SnapshotEvent)]

    # Noon in UTC is 13:00 in Berlin.
    assert [(one.time - NOON).total_seconds() for one in taken] == [0, 10, 20]
    assert {one.data.trigger for one in taken} == {"schedule"}


def answering_nobody(_kind: str, _jpeg: bytes, on_acknowledged: OnAcknowledged | None = None) -> None:
    if on_acknowledged is not None:
        on_acknowledged(is_read=False)


def test_no_picture_is_encoded_for_a_preview_that_nobody_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded, jpeg = [], Planes.jpeg

    def counted(planes: Planes, quality: int) -> bytes:
        encoded.append(quality)
        return jpeg(planes, quality)

    monkeypatch.setattr(Planes, "jpeg", counted)
    previews = Previews(answering_nobody, lambda: 0.0)
    watched, given = watch(previews=previews, capture_fps=0.1, thumbnail_fps=0.1, live_fps=5), frames(4)
    kept = [event for event in emitted(watched, given[:10]) if isinstance(event, MediaEvent)]
    for_nobody = len(encoded)
    previews.watch("visual", 10.0)
    emitted(watched, given[10:])

    assert for_nobody == len(kept) == 2, "a capture and a thumbnail"
    assert len(encoded) - for_nobody == 10


def test_a_fusion_that_somebody_looks_at_is_of_a_new_picture() -> None:
    previews = Previews(answering_nobody, lambda: 0.0)
    watched = watch_beside_a_sensor(previews, RatesSettings(capture_fps=0.1))
    for kind in ("visual", "fusion"):
        previews.show(kind, b"jpeg")

    levels = []
    for number, is_watched in enumerate((False, False, True), start=1):
        if is_watched:
            previews.watch("fusion", 10.0)
        watched.analyse(grey_frame(number, 30 * number + 30))
        assert watched.planes is not None
        levels.append(int(watched.planes.y[0, 0]))

    assert levels[0] == levels[1] < levels[2]


def test_what_the_motion_detector_sees_is_drawn_only_while_somebody_watches() -> None:
    sent: list[tuple[str, bytes]] = []
    elapsed = [0.0]
    previews = Previews(lambda kind, jpeg, on_acknowledged: sent.append((kind, jpeg)), lambda: elapsed[0])
    watched = watch(previews=previews, live_fps=0)

    emitted(watched, frames(1))
    previews.watch("motion", 10.0)
    emitted(watched, frames(1))
    elapsed[0] = 10.0
    emitted(watched, frames(1))

    assert [kind for kind, _ in sent] == ["motion"] * 5
