"""Words: what little is read of an event says the same as all of it."""

import json

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, iso
from bus_schemas.media import SegmentEvent
from bus_schemas.node import ClockEvent, CommandEvent, HealthEvent
from bus_schemas.thermal import ThermalEvent
from consumers.views.health.event_summary import in_short
from tests import builders
from tests.journaled import bodies, moments, recorded

EVENTS = st.builds(lambda make, time: make(time), st.sampled_from(builders.EVERY_KIND), moments())


def said(event: Event) -> str:  # noqa: C901 - one line a kind
    """By the models."""
    match event:
        case ThermalEvent():
            return f"{event.data.frame_stats.max_temp:.1f} °C at the hottest, {len(event.data.hot_spots)} hot spots"
        case DetectionEvent():
            return ", ".join(event.data.event_triggers) or f"{event.data.people_count} people"
        case MotionEvent():
            return f"motion {event.data.phase}, {len(event.data.boxes)} places"
        case HealthEvent():
            return event.data.reason or event.data.status
        case SegmentEvent():
            return f"{event.data.duration_s:.1f} s recorded"
        case CommandEvent():
            return f"{event.data.name} {event.data.state}"
        case ClockEvent():
            return f"clock set {abs(event.data.step_s):.1f} s {'forward' if event.data.step_s > 0 else 'back'}"
        case FrameEvent(data=data):
            seen = {"blackscreen": data.blackscreen, "freeze": data.freeze, "no audio": data.audio is False}
            return ", ".join(name for name, is_so in seen.items() if is_so) or "ok"
    return short_name(event.type)


@examples(max_examples=150, deadline=None)
@given(bodies(EVENTS))
def test_an_event_is_put_into_words_without_being_parsed(written: list[bytes]) -> None:
    for record in recorded(written):
        short = in_short(record)
        told = {"type": short_name(record.event.type), "time": iso(record.event.time), "position": record.position}
        assert json.loads(short) == {**told, "summary": said(record.event)}
        assert short == json.dumps(json.loads(short), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (builders.frame(blackscreen=True, audio=False), "blackscreen, no audio"),
        (builders.frame(blackscreen=None, freeze=None, audio=None), "ok"),
        (builders.thermal(hottest=91.25), "91.2 °C at the hottest, 1 hot spots"),
        (builders.detection(people_count=3), "3 people"),
        (builders.detection(event_triggers=("CROWD", "DOOR_OPEN")), "CROWD, DOOR_OPEN"),
        (builders.motion_v1(), "motion end, 0 places"),
        (builders.health(status="degraded", reason='of the "lens"'), 'of the "lens"'),
        (builders.segment(duration_s=9.96), "10.0 s recorded"),
        (builders.command(name="reboot", state="failed"), "reboot failed"),
        (builders.clock_set(step_s=2.5), "clock set 2.5 s forward"),
        (builders.media(), "media"),
    ],
)
def test_the_words_of_each_kind(event: Event, words: str) -> None:
    [record] = recorded([to_bytes(event)])

    assert json.loads(in_short(record))["summary"] == words
