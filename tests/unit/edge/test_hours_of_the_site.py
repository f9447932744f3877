"""Hours of a site when its clocks are set, through all that goes by them: recording, snapshots and night."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bus_schemas.night_settings import NightSettings
from bus_schemas.recording_settings import RecordingSettings, ScheduleWindow, Weekday
from bus_schemas.snapshot_settings import SnapshotSettings
from edge.analysis.snapshots import SnapshotTaker
from edge.capture.encoder import Encoding
from edge.capture.live_video import LiveVideo
from edge.capture.recorder import Recorder
from edge.capture.recording_control import RecordingControl
from tests.grey_pictures import pictures

STEP = timedelta(minutes=5)
NEW_YORK, SANTIAGO, HAVANA = "America/New_York", "America/Santiago", "America/Havana"
Span = tuple[str, str]

HOURS = [
    # Clocks are set forward at 02:00 (07:00 UTC) on 8 March, and back at 02:00 (06:00 UTC) on 1 November.
    pytest.param(NEW_YORK, "22:00-06:00", "2026-03-08T02:00", [("03:00", "10:00")], id="a night of seven hours"),
    pytest.param(NEW_YORK, "02:15-02:45", "2026-03-08T02:00", [], id="hours that are skipped"),
    pytest.param(NEW_YORK, "02:30-03:30", "2026-03-08T02:00", [("07:00", "07:30")], id="a begin that is skipped"),
    pytest.param(NEW_YORK, "01:30-02:30", "2026-03-08T02:00", [("06:30", "07:00")], id="an end that is skipped"),
    pytest.param(NEW_YORK, "22:00-06:00", "2026-11-01T01:00", [("02:00", "11:00")], id="a night of nine hours"),
    pytest.param(
        NEW_YORK,
        "01:15-01:45",
        "2026-11-01T01:00",
        [("05:15", "05:45"), ("06:15", "06:45")],
        id="hours that come twice",
    ),
    pytest.param(
        NEW_YORK,
        "23:00-01:30",
        "2026-11-01T01:00",
        [("03:00", "05:30"), ("06:00", "06:30")],
        id="an end that comes twice",
    ),
    pytest.param(
        NEW_YORK, "01:30-02:30", "2026-11-01T01:00", [("05:30", "06:00"), ("06:30", "07:30")], id="a begin twice"
    ),
    # Midnight itself is skipped on 6 September, and the hour before it comes twice on 5 April.
    pytest.param(
        SANTIAGO, "23:00-01:30", "2026-09-06T00:00", [("03:00", "04:30")], id="over a midnight that is skipped"
    ),
    pytest.param(SANTIAGO, "00:00-00:30", "2026-09-06T00:00", [], id="after a midnight that is skipped"),
    pytest.param(
        SANTIAGO, "22:00-00:00", "2026-04-04T22:00", [("01:00", "04:00")], id="up to a midnight that is later"
    ),
    pytest.param(
        HAVANA,
        "23:30-00:30",
        "2026-11-01T00:00",
        [("03:30", "04:30"), ("05:00", "05:30")],
        id="a midnight that comes twice",
    ),
    pytest.param("Asia/Kathmandu", "00:00-00:15", "2026-01-05T12:00", [("18:15", "18:30")], id="a zone of quarters"),
    pytest.param(
        "Australia/Lord_Howe", "01:30-02:00", "2026-04-04T12:00", [("14:30", "15:30")], id="half an hour twice"
    ),
]


def window(hours: str, *days: Weekday) -> ScheduleWindow:
    start, end = hours.split("-")
    return ScheduleWindow(start=start, end=end, days=days) if days else ScheduleWindow(start=start, end=end)


def spans(begin: datetime, steps: int, holds: Callable[[datetime], bool]) -> list[Span]:
    """When it holds, by the clock of UTC, as seen each five minutes."""
    found: list[tuple[datetime, datetime]] = []
    for moment in (begin + index * STEP for index in range(steps)):
        if holds(moment):
            first = found.pop()[0] if found and found[-1][1] == moment else moment
            found.append((first, moment + STEP))
    return [(f"{first:%H:%M}", f"{last:%H:%M}") for first, last in found]


def filmed(zone: ZoneInfo, schedule: ScheduleWindow, begin: datetime, steps: int) -> list[Span]:
    """What the recorder says that it records of a picture each five minutes."""
    control = RecordingControl(RecordingSettings(mode="schedule", schedule=(schedule,)), zone)
    recorder = Recorder(10, Encoding(fps=1), control, LiveVideo(lambda _: None, lambda: 0.0))
    recorder.begin((64, 36))
    is_on, changes = True, []
    for index, picture in enumerate(pictures(steps, (64, 36))):
        recorder.picture(picture, begin + index * STEP)
        changes += recorder.take_changes()
        recorder.take()
    recorder.finish()
    by_time = {change.time: change.decision.records for change in changes}

    def records(moment: datetime) -> bool:
        nonlocal is_on
        is_on = by_time.get(moment, is_on)
        return is_on

    return spans(begin, steps, records)


@pytest.mark.parametrize(("zone", "hours", "begin", "expected"), HOURS)
def test_recording_snapshots_and_night_go_by_the_clock_on_the_wall(
    zone: str, hours: str, begin: str, expected: list[Span]
) -> None:
    first, steps, site = datetime.fromisoformat(begin).replace(tzinfo=UTC), 11 * 12, ZoneInfo(zone)
    schedule = window(hours)
    night = NightSettings(mode="hours", start=schedule.start, end=schedule.end)
    taker = SnapshotTaker("Gate", site)
    taker.apply(SnapshotSettings(every_s=60, schedule=(schedule,)), site)

    assert filmed(site, schedule, first, steps) == expected
    assert spans(first, steps, lambda moment: night.is_night(moment.astimezone(site))) == expected
    assert spans(first, steps, lambda moment: taker.due(moment) is not None) == expected


@pytest.mark.parametrize(
    ("zone", "schedule", "begin", "expected"),
    [
        (NEW_YORK, window("22:00-06:00", "sat"), "2026-03-08T02:00", [("03:00", "10:00")]),
        (NEW_YORK, window("22:00-06:00", "sun"), "2026-03-08T02:00", []),
        (SANTIAGO, window("00:00-06:00", "sun"), "2026-09-06T00:00", [("04:00", "09:00")]),
        (SANTIAGO, window("22:00-00:00", "sat"), "2026-04-04T22:00", [("01:00", "04:00")]),
        (SANTIAGO, window("00:00-00:00", "sun"), "2026-04-04T22:00", [("04:00", "09:00")]),
        (HAVANA, window("00:00-00:30", "sun"), "2026-11-01T00:00", [("04:00", "04:30"), ("05:00", "05:30")]),
    ],
)
def test_days_begin_when_they_do_at_the_site(
    zone: str, schedule: ScheduleWindow, begin: str, expected: list[Span]
) -> None:
    first = datetime.fromisoformat(begin).replace(tzinfo=UTC)

    assert filmed(ZoneInfo(zone), schedule, first, 11 * 12) == expected


@pytest.mark.parametrize(
    ("every_h", "hours", "days"),
    [(24, ("08:00-09:00",), (6, 12)), (12, ("08:00-09:00", "20:00-21:00"), (6, 12)), (24, ("08:00-09:00",), (30, 36))],
)
def test_a_snapshot_of_each_day_is_taken_also_on_those_of_23_and_25_hours(
    every_h: int, hours: tuple[str, ...], days: tuple[int, int]
) -> None:
    zone = ZoneInfo(NEW_YORK)
    taker = SnapshotTaker("Gate", zone)
    taker.apply(SnapshotSettings(every_s=every_h * 3600, schedule=tuple(map(window, hours))), zone)
    month = datetime(2026, 3 if days[0] < 20 else 10, 1, 5, tzinfo=UTC)
    moments = [month + timedelta(days=days[0] - 1) + index * STEP for index in range(6 * 288)]

    taken = [moment.astimezone(zone) for moment in moments if taker.due(moment)]

    assert [f"{one:%H:%M}" for one in taken] == [one[:5] for one in hours] * 6
