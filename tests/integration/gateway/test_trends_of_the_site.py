"""Charts of a site go by its clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bus_schemas.event import iso
from tests.builders import frame, motion, registry, thermal
from tests.integration.gateway.started import Filled, Started

KATHMANDU = ZoneInfo("Asia/Kathmandu")

BEGIN_OF: dict[str, Callable[[Any], datetime]] = {
    "temperatures": lambda answer: datetime.fromtimestamp(answer["series"][0]["points"][0][0] / 1000, UTC),
    "audio": lambda answer: datetime.fromtimestamp(answer["points"][0][0] / 1000, UTC),
    "motion": lambda answer: datetime.fromisoformat(answer["buckets"][0]["time"]),
}


def test_hours_and_days_of_a_chart_begin_by_the_clock_of_the_site(tmp_path: Path) -> None:
    evening = datetime(2026, 1, 5, 22, 20, tzinfo=KATHMANDU).astimezone(UTC)
    with Filled(tmp_path) as filled:
        filled.append(
            registry(evening - timedelta(hours=30), device=None, time_zone="Asia/Kathmandu"),
            thermal(evening, hottest=90.0),
            motion(evening),
            frame(evening),
        ).fold()
        with Started(filled.hub, clock=lambda: evening + timedelta(minutes=5)) as started, started.client() as client:

            def begins(what: str, **step: int) -> str:
                asked: dict[str, str | int] = {
                    "from": iso(evening - timedelta(days=1)),
                    "to": iso(evening + timedelta(minutes=5)),
                    **step,
                }
                answer = client.get(f"/api/v1/sites/DEMO/devices/yard/{what}", params=asked).json()
                moment = BEGIN_OF[what](answer)
                return f"{moment.astimezone(KATHMANDU):%d %H:%M}"

            hours = [begins("temperatures", step=3600), begins("audio", step=3600), begins("motion", bucket=3600)]
            days = [begins("temperatures", step=86_400), begins("audio", step=86_400), begins("motion", bucket=86_400)]

    assert hours == ["05 22:00"] * 3
    assert days == ["05 00:00"] * 3
