"""Whatever answers a day of a site answers all of it and nothing else, also where its clocks are set on that day."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import httpx
import numpy as np
import pytest

from bus_schemas.event import Event, iso
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from gateway.server import stores_of
from tests import builders
from tests.eventually import eventually
from tests.integration.gateway.started import Filled, Started

QUARTER = timedelta(minutes=15)
INSIDE, OUTSIDE = (0.1, 0.1, 0.2, 0.2), (0.6, 0.6, 0.2, 0.2)
"""Boxes of what moves on a day, and of what moves just before and after it."""


class Day(NamedTuple):
    """A day in a zone: when it begins, how long it is, and the hours that its clocks show, in their order."""

    zone: str
    date: date
    start: datetime
    length: timedelta
    hours: list[int]

    @property
    def end(self) -> datetime:
        return self.start + self.length


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year to minute


DAYS = {
    "spring": Day("Europe/Berlin", date(2026, 3, 29), utc(2026, 3, 28, 23), timedelta(hours=23), [0, 1, *range(3, 24)]),
    "autumn": Day(
        "Europe/Berlin", date(2026, 10, 25), utc(2026, 10, 24, 22), timedelta(hours=25), [0, 1, 2, *range(2, 24)]
    ),
    "half-autumn": Day(
        "Australia/Lord_Howe", date(2026, 4, 5), utc(2026, 4, 4, 13), timedelta(hours=24.5), [0, 1, *range(1, 24)]
    ),
    "half-spring": Day(
        "Australia/Lord_Howe", date(2026, 10, 4), utc(2026, 10, 3, 13, 30), timedelta(hours=23.5), [*range(24)]
    ),
    "begins-at-one": Day("Asia/Beirut", date(2026, 3, 29), utc(2026, 3, 28, 22), timedelta(hours=23), [*range(1, 24)]),
    "ends-twice": Day("America/Santiago", date(2026, 4, 4), utc(2026, 4, 4, 3), timedelta(hours=25), [*range(24), 23]),
    "begins-twice": Day("America/Havana", date(2026, 11, 1), utc(2026, 11, 1, 4), timedelta(hours=25), [0, *range(24)]),
    "of-45-minutes": Day(
        "Asia/Kathmandu", date(2026, 1, 5), utc(2026, 1, 4, 18, 15), timedelta(hours=24), [*range(24)]
    ),
    "left-out": Day("Pacific/Apia", date(2011, 12, 30), utc(2011, 12, 30, 10), timedelta(0), []),
}
"""By the name of the site."""


def moments(day: Day) -> tuple[list[datetime], list[datetime]]:
    """Those in it, each quarter of an hour and its last second, and those just before and after it."""
    inside = [day.start + number * QUARTER for number in range(day.length // QUARTER)]
    last = [day.end - timedelta(seconds=1)] if day.length else []
    return [*inside, *last], [day.start - timedelta(seconds=1), day.end, day.end + QUARTER]


def events() -> Iterator[Event]:
    for site, day in DAYS.items():
        for box, at in zip((INSIDE, OUTSIDE), moments(day), strict=True):
            for moment in at:
                yield builders.detection(moment, site=site, device="cam", event_triggers=("FIRE",))
                yield builders.motion(moment, site=site, device="cam", boxes=(box,))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    devices = (ConfiguredDevice("cam", "Camera"),)
    configured = Configured(tuple(ConfiguredSite(site, site, day.zone, devices) for site, day in DAYS.items()))
    with Filled(tmp_path_factory.mktemp("days"), configured) as filled:
        filled.append(*sorted(events(), key=lambda event: event.time)).fold()
        with (
            Started(filled.hub, stores=stores_of(filled.hub), clock=lambda: utc(2026, 12, 1)) as started,
            started.client() as it,
        ):
            head = filled.head
            eventually(lambda: rows_upto(it) >= head, what="the rows")
            yield it


def rows_upto(client: httpx.Client) -> int:
    found = client.get("/api/v1/consumers").json()["consumers"]
    return next(int(one["position"]) for one in found if one["name"] == "warehouse")


def dashboard(client: httpx.Client, path: str, day: Day) -> None:
    answer = client.get(path, params={"date": str(day.date)}).json()
    assert [one["hour"] for one in answer["hourly"]] == day.hours
    assert answer["critical_events"]["FIRE" if day.hours else "total_events"] == len(moments(day)[0])
    assert answer["date"] == str(day.date)


def heat_map(client: httpx.Client, path: str, day: Day) -> None:
    answer = client.get(path, params={"date": str(day.date)})
    if not day.length:
        assert answer.status_code == 404
        return
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    inside, outside = picture[int(0.2 * height), int(0.2 * width)], picture[int(0.7 * height), int(0.7 * width)]
    assert inside[2] > inside[0], "red is where most of it moved"
    assert outside[0] > outside[2], "blue is where nothing did"


def timeline(client: httpx.Client, path: str, day: Day) -> None:
    answer = client.get(path, params={"date": str(day.date)}).json()
    assert (answer["from"], answer["to"]) == (iso(day.start), iso(day.end))
    assert len(b64decode(answer["states"])) == -(-(day.length // timedelta(minutes=1)) // 4)
    assert answer["newest"] == day.end.timestamp() // 60 - 1


ANSWERS: dict[str, Callable[[httpx.Client, str, Day], None]] = {
    "/api/v1/dashboard/{site}": dashboard,
    "/api/v1/sites/{site}/devices/{device}/motion-heatmap.png": heat_map,
    "/api/v1/timeline/{site}": timeline,
}


@pytest.mark.parametrize("site", DAYS)
@pytest.mark.parametrize("path", ANSWERS)
def test_a_day_is_answered_whole_and_nothing_else(client: httpx.Client, path: str, site: str) -> None:
    ANSWERS[path](client, path.format(site=site, device="cam"), DAYS[site])


def test_whatever_answers_a_day_of_a_site_is_asked_here(client: httpx.Client) -> None:
    paths: dict[str, Any] = client.get("/api/openapi.json").json()["paths"]
    asked = {
        path
        for path, methods in paths.items()
        for parameter in methods.get("get", {}).get("parameters", [])
        if parameter["name"] == "date" and "site's zone" in str(parameter)
    }
    assert asked == set(ANSWERS)


def test_a_minute_after_the_clocks_were_set_back_stands_where_it_was(tmp_path: Path) -> None:
    day, at = DAYS["autumn"], utc(2026, 10, 25, 1, 30)
    site = ConfiguredSite("autumn", "Autumn", day.zone, (ConfiguredDevice("cam", "Camera"),))
    with Filled(tmp_path, Configured((site,))) as filled:
        filled.append(builders.frame(at, site="autumn", device="cam", blackscreen=True))
        filled.append(builders.tick(at + timedelta(minutes=3))).fold()
        with Started(filled.hub, clock=lambda: at + timedelta(minutes=4)) as started, started.client() as client:
            answer = client.get("/api/v1/timeline/autumn", params={"date": str(day.date)}).json()

    first = (at - day.start) // timedelta(minutes=1)
    assert answer["incidents"] == [{"first": first, "minutes": 1, "condition": "warning", "types": ["blackscreen"]}]
    assert first == 210, "half past two, for the second time"


def test_the_shares_of_days_are_counted_from_midnight_to_midnight_of_the_site(client: httpx.Client) -> None:
    day = DAYS["autumn"]
    asked = {"from": iso(day.start), "to": iso(day.end), "step": "day"}
    answer = client.get("/api/v1/timeline/autumn/conditions", params=asked).json()

    (camera,) = answer["devices"]
    assert answer["edges"] == [iso(day.start), iso(day.end)]
    assert sum(camera["minutes"][0]) == 1500
    assert camera["minutes"][0][answer["conditions"].index("ok")] == len(moments(day)[0])
