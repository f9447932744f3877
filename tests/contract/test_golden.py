import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bus_schemas import codec
from bus_schemas.catalogue import MODELS
from bus_schemas.event import Event
from bus_schemas.json_schema import json_schemas
from bus_schemas.upcasts import UPCASTS, upcast
from tests.contract.schemas import breaks, published

GOLDEN = Path(__file__).parent / "golden"
TYPES = sorted(MODELS)
EXAMPLES = [
    pytest.param(event_type, example, id=f"{event_type}-{number}")
    for event_type in TYPES
    for number, example in enumerate(json.loads((GOLDEN / f"{event_type}.json").read_text()))
]


def read(example: dict[str, Any]) -> Event:
    [event] = codec.decode(json.dumps(example).encode())
    assert isinstance(event, Event), event
    return event


def says(whole: Any, part: Any) -> bool:
    """Whether everything that `part` says is in `whole` too; moments and numbers may be written in another way."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(says(whole.get(key), value) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(says, whole, part))
    return bool(whole == part)


def test_every_file_is_of_a_type_that_is_still_read() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.json")) == TYPES


@pytest.mark.parametrize(("event_type", "example"), EXAMPLES)
def test_every_version_ever_released_is_read_and_written_again(event_type: str, example: dict[str, Any]) -> None:
    event = read(example)

    assert type(event) is MODELS[event_type]
    assert codec.decode(codec.to_bytes(event)) == [event]
    written = json.loads(codec.to_bytes(event))
    assert says({**written, "time": example["time"]}, example)


@pytest.mark.parametrize(("event_type", "example"), EXAMPLES)
def test_every_version_is_upcast_to_one_that_is_read_again(event_type: str, example: dict[str, Any]) -> None:
    event = read(example)

    current = upcast(event)

    assert type(current) not in UPCASTS
    assert upcast(current) is current
    assert codec.decode(codec.to_bytes(current)) == [current]
    assert (current.id, current.source, current.time) == (event.id, event.source, event.time)
    assert (current.epoch, current.sequence) == (event.epoch, event.sequence)


@pytest.mark.parametrize(("event_type", "example"), EXAMPLES)
def test_every_example_fits_the_published_schema(event_type: str, example: dict[str, Any]) -> None:
    schema = published(event_type)

    assert schema is not None
    jsonschema.validate(example, schema, cls=jsonschema.Draft202012Validator)


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    """Those of today, which take a tenth of a second."""
    return json_schemas()


@pytest.mark.parametrize("event_type", TYPES)
def test_a_published_type_never_changes_but_by_what_is_optional_and_recorded(
    event_type: str, schemas: dict[str, dict[str, Any]]
) -> None:
    before, now = published(event_type), schemas[event_type]

    assert breaks(before or {}, now) == [], "make a new version of the type, and an upcast"
    assert before == now, "record it with python -m tests.contract.schemas"


def test_only_published_types_have_a_schema() -> None:
    assert sorted(file.stem for file in (GOLDEN / "schemas").glob("*.json")) == TYPES


OLD: dict[str, Any] = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "integer", "minimum": 0}, "b": {"enum": ["x", "y"]}},
}


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"properties": {**OLD["properties"], "c": {"type": "string"}}}, []),
        ({"description": "Now explained."}, []),
        ({"required": ["a", "b"]}, ["/required: b became required"]),
        ({"required": []}, []),
        ({"properties": {"a": OLD["properties"]["a"]}}, ["/properties/b: is gone"]),
        ({"properties": {**OLD["properties"], "b": {"enum": ["x"]}}}, ['/properties/b/enum: ["x", "y"] became ["x"]']),
        (
            {"properties": {**OLD["properties"], "a": {"type": "integer", "minimum": 1}}},
            ["/properties/a/minimum: 0 became 1"],
        ),
        ({"additionalProperties": False}, ["/additionalProperties: is new and narrows what was valid"]),
    ],
)
def test_only_what_is_optional_may_be_added(change: dict[str, Any], reasons: list[str]) -> None:
    assert breaks(OLD, {**OLD, **change}) == reasons
