"""The last event of a device: what little is read of it is the same as in all of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.views.health.event_summary import in_short
from producer.times import iso_of
from tests import builders
from tests.examples import examples
from tests.journal_bodies import bodies, moments, recorded

EVENTS = st.builds(lambda make, time: make(time), st.sampled_from(builders.EVERY_KIND), moments())


def is_part_of(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return all(is_part_of(value, whole.get(name)) for name, value in part.items())
    return bool(part == whole)


@examples(150)
@given(bodies(EVENTS))
def test_what_is_read_is_a_part_of_the_event(written: list[bytes]) -> None:
    for record in recorded(written):
        short = in_short(record)
        found = json.loads(short)
        data = found.pop("data")
        event: Any = record.event
        assert found == {"type": short_name(event.type), "time": iso_of(record.time_us), "position": record.position}
        assert is_part_of(data, event.data.model_dump(mode="json"))
        assert short == json.dumps(json.loads(short), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (
            builders.frame(blackscreen=True, freeze=None, audio=False),
            {"blackscreen": True, "freeze": None, "audio": False},
        ),
        (builders.thermal(hottest=91.25), {"frame_stats": {"max_temp": 91.25}}),
        (builders.thermal(hottest=91.25, peak_temp=99.5), {"frame_stats": {"max_temp": 91.25}, "peak_temp": 99.5}),
        (builders.detection(people_count=3), {"people_count": 3, "event_triggers": []}),
        (
            builders.detection(people_count=0, event_triggers=("CROWD", "DOOR_OPEN")),
            {"people_count": 0, "event_triggers": ["CROWD", "DOOR_OPEN"]},
        ),
        (builders.motion_v1(), {"phase": "end"}),
        (
            builders.health(status="degraded", reason='of the "lens"'),
            {"status": "degraded", "reason": 'of the "lens"'},
        ),
        (builders.segment(duration_s=9.96), {"duration_s": 9.96}),
        (builders.command(name="reboot", state="failed"), {"name": "reboot", "state": "failed"}),
        (builders.clock_set(step_s=2.5), {"step_s": 2.5}),
        (builders.gap(first=1, last=3, cause="forgotten"), {"count": 3, "cause": "forgotten"}),
        (builders.settings(), {}),
    ],
)
def test_the_part_of_each_kind(event: Event, data: dict[str, Any]) -> None:
    [record] = recorded([to_bytes(event)])

    assert json.loads(in_short(record))["data"] == data
