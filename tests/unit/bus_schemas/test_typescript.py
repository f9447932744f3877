import re

from bus_schemas.catalogue import EVENT_MODELS
from bus_schemas.typescript import typescript


def test_an_event_is_an_interface_with_its_type_as_a_literal() -> None:
    assert """export interface DetectionEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.detection.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Detection;
}""" in typescript()


def test_a_box_is_a_tuple_and_media_are_texts() -> None:
    text = typescript()

    assert "  box: [number, number, number, number];" in text
    assert "  media: string[];" in text
    assert '  kinds: ("visual" | "thermal")[];' in text
    assert "  settings: Record<string, unknown>;" in text


def test_every_name_that_is_used_is_defined() -> None:
    text = typescript()
    defined = set(re.findall(r"export (?:interface|type) (\w+)", text))

    used = set(re.findall(r": \(?([A-Z]\w+)", text)) - {"Record"}

    assert used <= defined
    assert {model.__name__ for model in EVENT_MODELS} <= defined


def test_live_feeds_find_the_current_version_by_its_short_name() -> None:
    assert "  motion: MotionEvent;" in typescript()
    assert "| MotionV1Event" not in typescript()
