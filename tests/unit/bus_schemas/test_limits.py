"""Every value of an event has a limit, at whatever depth; what an older release let in is read all the same."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from bus_schemas.catalogue import MODELS
from bus_schemas.codec import Malformed, decode, read_stored, read_stored_as, to_bytes
from bus_schemas.event import Event
from bus_schemas.limits import MAX_DEPTH, MAX_ITEMS, MAX_MEMBERS, FreeObject, Limit, clip
from bus_schemas.node import HeartbeatEvent
from tests import builders

_free: TypeAdapter[dict[str, Any]] = TypeAdapter(FreeObject)


def parts(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a value within a core schema, by the way to it."""
    if isinstance(schema, list):
        for number, member in enumerate(schema):
            yield from parts(member, f"{path}.{number}")
    if not isinstance(schema, dict):
        return
    if "type" in schema:
        yield path, schema
    if schema.get("type") == "function-after":
        # Its function bounds all that is in it.
        return
    for name, part in schema.items():
        if name not in ("metadata", "default", "expected", "config", "cls", "serialization"):
            yield from parts(part, path if name in ("schema", "fields", "items_schema") else f"{path}.{name}")


def is_bounded(schema: dict[str, Any]) -> bool:
    match schema["type"]:
        case "int":
            return ("ge" in schema or "gt" in schema) and ("le" in schema or "lt" in schema)
        case "float":
            bounds = ("ge" in schema or "gt" in schema) and ("le" in schema or "lt" in schema)
            return bounds and schema.get("allow_inf_nan") is False
        case "str":
            return "max_length" in schema or bool(
                schema.get("pattern", "").endswith("$") and "*" not in schema["pattern"]
            )
        case "tuple":
            return "variadic_item_index" not in schema or "max_length" in schema
        case "dict" | "any" | "list" | "set" | "bytes":
            return False
    return True


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_number_text_and_list_of_an_event_is_bounded(model: type[Event]) -> None:
    found = dict(parts(model.__pydantic_core_schema__))

    assert len(found) > 10
    assert [path for path, schema in found.items() if not is_bounded(schema)] == []


def odd_heartbeat(uptime: str) -> bytes:
    return to_bytes(builders.heartbeat(id="h")).replace(b'"uptime_s":3600.0', b'"uptime_s":' + uptime.encode())


@pytest.mark.parametrize("uptime", ["1e400", "-1e400", "1e300", "-1", "1" * 30])
def test_a_number_without_end_or_sense_is_refused_by_the_name_of_its_field(uptime: str) -> None:
    [found] = decode(odd_heartbeat(uptime))

    assert isinstance(found, Malformed)
    assert found.reason.startswith("data.uptime_s: Input should be ")


def test_what_an_older_release_let_in_is_read_again() -> None:
    [event] = read_stored([odd_heartbeat("1e300")])

    assert isinstance(event, HeartbeatEvent)
    assert event.data.uptime_s == 1e300
    assert read_stored_as(HeartbeatEvent, odd_heartbeat("1e300")) == event


@given(st.sampled_from(builders.EVERY_KIND))
def test_what_is_within_its_limits_is_the_same_however_it_is_read(build: Any) -> None:
    event = build(builders.START)

    assert [read_stored_as(type(event), to_bytes(event))] == read_stored([to_bytes(event)]) == decode(to_bytes(event))


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": [1, {"b": float("inf")}]}, "a.1.b is a number that is not finite"),
        ({"a": 10**30}, "a is a number that is not finite, or beyond 2"),
        ({"a": "x" * 4001}, "a is a text of 4,001; at most 4,000 are kept"),
        ({"x" * 129: 1}, "the object has a key of more than 128 characters"),
        ({"a": list(range(MAX_MEMBERS))}, "more than 10,000 members"),
        (nested(MAX_DEPTH + 2), "levels deep"),
    ],
)
def test_an_object_with_keys_of_its_own_is_bounded_in_every_way(value: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        _free.validate_python(value)


def test_an_object_as_people_write_them_is_let_in() -> None:
    value = {"zones": [{"name": "yard", "points": [[0.1, 0.2]] * 200}], "note": "ä" * 4000, "on": True, "none": None}

    assert _free.validate_python(value) == value == from_json(_free.dump_json(value))


def test_a_list_has_an_end() -> None:
    body = to_bytes(builders.frame()).replace(
        b'"motion_boxes":[]', b'"motion_boxes":[' + b",".join([b"[0,0,1,1]"] * 1001) + b"]"
    )

    [found] = decode(body)

    assert isinstance(found, Malformed)
    assert found.reason == f"data.motion_boxes: Tuple should have at most {MAX_ITEMS} items after validation, not 1001"


def test_a_limit_does_not_loosen_what_was_published() -> None:
    bounded = TypeAdapter(Annotated[int, Limit(ge=0, le=5), Limit(le=9)])

    with pytest.raises(ValidationError):
        bounded.validate_python(6)


def test_a_text_of_others_is_cut_to_what_an_event_holds() -> None:
    assert clip("short") == "short"
    assert clip("x" * 5000) == "x" * 3999 + "…"
