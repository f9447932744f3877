"""How fast views are folded, and how fast they answer."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory

from bus_schemas.event import Event
from consumers.alerting.projection import AlertingProjection
from consumers.engine.projection import Projection
from consumers.hub_config import HubConfig
from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import devices
from consumers.views.motion.grids import heat_map
from consumers.views.motion.projection import MotionProjection
from consumers.views.motion.questions import buckets
from consumers.views.recordings.holes import holes
from consumers.views.recordings.projection import RecordingsProjection
from consumers.views.recordings.questions import segments
from consumers.views.temperatures import TemperaturesProjection, temperatures
from tests.bench.measure import Measurement, measured, summary, timed
from tests.builders import DEVICE, SITE, START, at, frame, media, motion, segment, thermal, tick
from tests.following import Followed, MemoryMedia

EVENTS = 20_000
DEVICES = 50
DAY = date(2026, 1, 5)
DAY_SEGMENTS = 8640


def case_fold() -> list[Measurement]:
    """A thousand events at a time, with the commit; reading them from the journal is not included."""
    frames: list[Event] = [
        frame(at(number / DEVICES), device=f"d{number % DEVICES}", motion_boxes=()) for number in range(EVENTS)
    ]
    ticks: list[Event] = [tick(at(second + 0.5)) for second in range(0, EVENTS // DEVICES, 5)]
    passing = sorted([*frames, *ticks], key=lambda event: event.time)
    heat: list[Event] = [thermal(at(number / DEVICES), device=f"d{number % DEVICES}") for number in range(EVENTS)]
    pictures: list[Event] = [media(at(number / DEVICES), device=f"d{number % DEVICES}") for number in range(EVENTS)]
    makers: Sequence[tuple[str, Callable[[HubConfig], Projection], list[Event]]] = (
        ("health, frames", lambda hub: HealthProjection(), frames),
        ("health, frames with ticks", lambda hub: HealthProjection(), passing),
        ("alerting, frames", lambda hub: AlertingProjection(), frames),
        ("alerting, media", lambda hub: AlertingProjection(), pictures),
        ("temperatures", lambda hub: TemperaturesProjection(), heat),
    )
    return [folded(name, make, events) for name, make, events in makers]


def case_temperatures() -> list[Measurement]:
    """Ninety days of a sensor with eight regions by the hour: 21,600 points, with the frame and the composite."""
    first, quarters = int(START.timestamp() // 900), 90 * 96
    rows = [
        (SITE, DEVICE, roi, first + number, 20.0, 60.0 + number % 7, 25_000, 1)
        for roi in ("frame", "composite", *(f"region {n}" for n in range(8)))
        for number in range(quarters)
    ]
    with TemporaryDirectory() as directory, closing(connect(Path(directory) / "view")) as view:
        view.executescript(TemperaturesProjection.schema)
        view.executemany("insert into quarters values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        view.commit()
        asked = (view, SITE, DEVICE, START, START + timedelta(days=90))
        return [
            measured(f"90 days of temperatures by the {name}", partial(temperatures, *asked, step), "8 regions",
                     goal_ms=150, runs=20)
            for name, step in (("hour", 3600), ("day", 86_400))
        ]  # fmt: skip


def folded(name: str, make: Callable[[HubConfig], Projection], events: list[Event]) -> Measurement:
    with TemporaryDirectory() as directory:
        hub = HubConfig(Path(directory), MemoryMedia)
        with Followed(make(hub), hub.data) as followed:
            followed.journal.append(*events)
            taken = timed([followed.follower.advance] * (EVENTS // 1000))
    return summary(f"fold {name}", taken[2:], "1,000 events of 50 devices with their commit", goal_ms=5.0)


def case_motion_day() -> list[Measurement]:
    """A day of 14,500 motions as a picture, and of 102,000 as counts of five minutes."""
    with TemporaryDirectory() as directory:
        hub = HubConfig(Path(directory), MemoryMedia)
        with Followed(MotionProjection(), hub.data) as followed:
            begin = START.replace(hour=0)
            followed.take(*(motion(begin + timedelta(seconds=86_399 * n / 14_500)) for n in range(14_500)))
            picture = measured(
                "motion heat map of a day", lambda: heat_map(followed.view, SITE, DEVICE, DAY),
                "14,500 motions, colours and PNG", goal_ms=1.0,
            )  # fmt: skip
            followed.take(*(motion(begin + timedelta(seconds=86_399 * n / 87_500)) for n in range(87_500)))
            end = begin + timedelta(days=1)
            counts = measured(
                "motion counts of a day", lambda: buckets(followed.view, SITE, DEVICE, begin, end, 300),
                "102,000 motions in 288 buckets", goal_ms=3.0, runs=50,
            )  # fmt: skip
    return [picture, counts]


def case_recordings() -> list[Measurement]:
    """Thirty days of segments of ten seconds: the playlist of an hour, and the holes of all of them."""
    with TemporaryDirectory() as directory:
        hub = HubConfig(Path(directory), MemoryMedia)
        with Followed(RecordingsProjection(), hub.data) as followed:
            count = 30 * DAY_SEGMENTS
            for first in range(0, count, DAY_SEGMENTS):
                followed.take(*(segment(at(10.0 * n)) for n in range(first, first + DAY_SEGMENTS) if n % 100))
            begin, where = START + timedelta(days=20), (SITE, DEVICE)
            end = begin + timedelta(hours=1)
            playlist = measured(
                "playlist of an hour, in the store", lambda: segments(followed.view, SITE, DEVICE, begin, end),
                "358 segments of a view of 30 days", goal_ms=1.0,
            )  # fmt: skip
            span = START.timestamp(), (START + timedelta(days=30)).timestamp()
            found = measured(
                "holes of 30 days", lambda: holes(followed.view, where, *span, span[1]),
                "2,592 holes between 256,608 segments", goal_ms=50.0, runs=5,
            )  # fmt: skip
    return [playlist, found]


def case_devices() -> list[Measurement]:
    with TemporaryDirectory() as directory:
        hub = HubConfig(Path(directory), MemoryMedia)
        with Followed(HealthProjection(), hub.data, [frame(device=f"d{n}") for n in range(DEVICES)]) as followed:
            followed.take(tick(at(1)))
            return [measured("health of 50 devices", lambda: devices(followed.view), "status of each")]
