"""For how long each device was in which condition, by buckets of the last 90 days."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bus_schemas.event import Event
from consumers.views.condition_minutes.codes import CODE_OF_EVIDENCE, CODES
from consumers.views.condition_minutes.projection import KEPT_HOURS, ConditionMinutesProjection
from consumers.views.condition_minutes.shares import DeviceShares, shares
from consumers.views.minute_evidence import MinuteEvidence
from tests.builders import START, at, detection, frame, health, heartbeat, incident, media, thermal
from tests.following import Followed

FIRST = int(START.timestamp() // 60)
HOUR = (FIRST, FIRST + 60)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(ConditionMinutesProjection(), tmp_path) as followed:
        yield followed


def asked(followed: Followed, edges: Sequence[int] = HOUR) -> dict[str, DeviceShares]:
    return {one.device: one for one in shares(followed.view, "DEMO", edges)}


def named(counts: Sequence[int]) -> dict[str, int]:
    """The conditions that there were."""
    return {name: count for name, count in zip(CODES, counts, strict=True) if count}


def by_the_minute(minutes: int, **given: object) -> list[Event]:
    return [frame(at(60 * minute + 5), **given) for minute in range(minutes)]


def test_an_hour_is_counted_by_condition_and_names_what_was_worst(followed: Followed) -> None:
    followed.take(*by_the_minute(40))
    followed.take(*(frame(at(60 * minute), blackscreen=True) for minute in range(10, 15)))
    followed.take(incident(at(30 * 60 + 1), "offline"), incident(at(32 * 60), "offline", "closed"))
    followed.take(media(at(50 * 60)), frame(at(51 * 60), blackscreen=None, freeze=None, audio=None))

    found = asked(followed)["yard"]
    assert named(found.minutes[0]) == {"no_data": 18, "unknown": 2, "ok": 33, "warning": 5, "offline": 2}
    assert found.worst == ["offline"]


def test_buckets_are_counted_each_by_itself_and_make_up_their_time(followed: Followed) -> None:
    followed.take(
        *by_the_minute(60), incident(at(10 * 60), "audio_loss"), incident(at(20 * 60), "audio_loss", "closed")
    )

    found = asked(followed, (FIRST + 5, FIRST + 12, FIRST + 13, FIRST + 70))["yard"]
    assert [named(counts) for counts in found.minutes] == [
        {"ok": 5, "warning": 2},
        {"warning": 1},
        {"ok": 40, "warning": 7, "no_data": 10},
    ]
    assert found.worst == ["audio_loss", "audio_loss", "audio_loss"]


def test_of_equally_bad_types_the_one_of_most_minutes_is_named(followed: Followed) -> None:
    followed.take(*by_the_minute(3, blackscreen=True), *by_the_minute(60, audio=False), *by_the_minute(60))

    assert asked(followed)["yard"].worst == ["audio_loss"]


def test_an_incident_colours_minutes_without_data_and_one_that_goes_on_all_that_follow(followed: Followed) -> None:
    followed.take(frame(at(0)), incident(at(600), "offline"))

    assert named(asked(followed)["yard"].minutes[0]) == {"ok": 1, "no_data": 9, "offline": 50}


def test_a_device_that_was_switched_off_on_purpose_has_no_worst_type(followed: Followed) -> None:
    followed.take(frame(at(0)), incident(at(600), "degraded", details={"orderly": True}, level="info"))

    found = asked(followed)["yard"]
    assert (named(found.minutes[0]), found.worst) == ({"ok": 51, "no_data": 9}, [None])


def test_what_arrives_days_late_counts_in_its_minute(followed: Followed) -> None:
    followed.take(*by_the_minute(1))
    followed.take(detection(at(3 * 86_400)), *(frame(at(60 * minute)) for minute in range(60)))

    assert named(asked(followed)["yard"].minutes[0]) == {"ok": 60}


def test_a_site_has_the_devices_of_which_something_is_known_and_no_other(followed: Followed) -> None:
    followed.take(frame(at(0), device="gate"), incident(at(1), device="roof"), frame(at(2), site="ELSEWHERE"))
    followed.take(heartbeat(at(3), device="node"), frame(at(7200), device="later"))

    assert list(asked(followed)) == ["gate", "roof"]


def test_the_view_is_the_same_whatever_the_batches_and_the_order_are(tmp_path: Path) -> None:
    random = Random(7)
    events: list[Event] = []
    for _ in range(300):
        moment = at(random.randrange(3 * 3600))
        made = random.choice((frame, detection, health, media, thermal))
        given: dict[str, Any] = {"blackscreen": random.random() < 0.3} if made is frame else {}
        events.append(made(moment, device=random.choice(("yard", "gate")), **given))
    found = []
    for number, limit in enumerate((1, 7, 1000)):
        random.shuffle(events)
        with Followed(ConditionMinutesProjection(), tmp_path / str(number)) as followed:
            followed.journal.append(*events)
            followed.catch_up(limit)
            rows = [followed.view.execute(f"select * from {table}").fetchall() for table in ("hours", "faults")]
            found.append(rows)

    assert [len(rows) for rows in found[0]] == [6, 6]
    assert found[0] == found[1] == found[2]


def test_hours_and_incidents_that_are_too_old_go(followed: Followed) -> None:
    late = timedelta(hours=KEPT_HOURS + 1)
    followed.take(
        frame(at(0), blackscreen=True), incident(at(0)), incident(at(60), "offline", "closed"), incident(at(0), "stale")
    )
    followed.take(frame(at(0) + late), frame(at(60)))

    assert len(followed.view.execute("select * from hours").fetchall()) == 1
    assert followed.view.execute("select * from faults").fetchall() == []
    assert followed.view.execute("select type from held").fetchall() == [("stale",)]


@pytest.mark.parametrize(
    ("seen", "condition"),
    [
        ((), "no_data"),
        ((MinuteEvidence.SEEN,), "unknown"),
        ((MinuteEvidence.SAID, MinuteEvidence.SEEN), "ok"),
        ((MinuteEvidence.SAID, MinuteEvidence.BLIND), "unknown"),
        ((MinuteEvidence.BLIND, MinuteEvidence.JUDGED), "ok"),
    ],
)
def test_a_minute_is_as_good_as_the_best_evidence_of_it(seen: tuple[MinuteEvidence, ...], condition: str) -> None:
    best = max(seen, default=MinuteEvidence.NONE)

    assert CODES[CODE_OF_EVIDENCE[best]] == condition
