import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas import topics
from bus_schemas.event import HUB_SOURCE
from bus_schemas.topics import Topic, UnknownTopic, parse

YARD = "/sites/DEMO/devices/yard"


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (topics.event_topic(YARD, "detection"), "watchpost/v1/DEMO/yard/event/detection"),
        (topics.media_topic(YARD, "capture"), "watchpost/v1/DEMO/yard/media/capture"),
        (topics.live_topic(YARD, "thermal"), "watchpost/v1/DEMO/yard/live/thermal"),
        (topics.state_topic(YARD), "watchpost/v1/DEMO/yard/state"),
        (topics.watermark_topic(YARD), "watchpost/v1/DEMO/yard/watermark"),
        (topics.command_topic(YARD, "night_mode"), "watchpost/v1/DEMO/yard/command/night_mode"),
        (topics.event_topic(HUB_SOURCE, "heartbeat"), "watchpost/v1/_hub/_hub/event/heartbeat"),
    ],
)
def test_a_topic_is_built_from_its_source_and_taken_apart_again(topic: str, expected: str) -> None:
    assert topic == expected
    assert str(parse(topic)) == topic


def test_a_topic_has_a_place_a_channel_and_a_name() -> None:
    assert parse("watchpost/v1/DEMO/yard/event/batch") == Topic("DEMO", "yard", "event", "batch")
    assert parse("watchpost/v1/DEMO/yard/state") == Topic("DEMO", "yard", "state")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "watchpost/v1/DEMO/yard",
        "watchpost/v2/DEMO/yard/state",
        "watchpost/v1/DEMO/yard/event",
        "watchpost/v1/DEMO/yard/state/now",
        "watchpost/v1/DEMO/yard/events/detection",
        "watchpost/v1/DE MO/yard/state",
        "watchpost/v1/DEMO/yard/event/a/b",
        "watchpost/v1/DEMO/yard/state\n",
        topics.ALL_EVENTS,
    ],
)
def test_what_is_no_topic_is_refused_with_a_reason(topic: str) -> None:
    with pytest.raises(UnknownTopic, match="topic"):
        parse(topic)


@given(st.text(max_size=60))
def test_a_text_is_a_topic_or_an_unknown_one(text: str) -> None:
    try:
        found = parse(text)
    except UnknownTopic:
        return
    assert str(found) == text
