from datetime import datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from bus_schemas.camera import DetectionEvent
from bus_schemas.event import HUB, device_source, iso, place
from tests import builders


def test_a_moment_leaves_as_utc_with_milliseconds() -> None:
    moment = datetime(2026, 1, 5, 11, 0, 0, 123999, timezone(timedelta(hours=1)))

    assert iso(moment) == "2026-01-05T10:00:00.123Z"


@pytest.mark.parametrize(
    ("source", "expected"),
    [("/sites/HEAD_OFFICE/devices/EMPLOYEE_AREA", ("HEAD_OFFICE", "EMPLOYEE_AREA")), ("/hub", (HUB, HUB))],
)
def test_a_source_is_a_place(source: str, expected: tuple[str, str]) -> None:
    assert place(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "",
        "/sites/a/devices/",
        "/sites/a b/devices/c",
        "/sites/a/devices/b/c",
        "/sites/a/devices/b\n",
        "/sites/ä/devices/b",
    ],
)
def test_what_is_no_source_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="is not a source"):
        place(source)
    with pytest.raises(ValidationError):
        builders.detection(source=source)


def test_site_and_device_make_a_source_that_is_read_back() -> None:
    assert place(device_source("DEMO", "yard-2")) == ("DEMO", "yard-2")


@pytest.mark.parametrize(
    "broken",
    [
        {"time": "2026-01-05T10:00:00"},
        {"time": "1969-12-31T23:59:59Z"},
        {"time": "2200-01-01T00:00:00Z"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"sequence": 0},
        {"sequence": 2**63},
        {"id": ""},
        {"epoch": ""},
    ],
    ids=["naive", "before-1970", "after-2199", "no-utc", "sequence-0", "sequence-too-large", "no-id", "no-epoch"],
)
def test_an_envelope_is_checked(broken: dict[str, object]) -> None:
    envelope = {"id": "e", "source": "/hub", "time": "2026-01-05T10:00:00Z", "data": {}}

    with pytest.raises(ValidationError):
        DetectionEvent.model_validate(envelope | broken)
