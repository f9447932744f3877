"""No number that the contract takes is too large for the stores."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from bus_schemas.catalogue import MODELS
from bus_schemas.event import MAX_SEQUENCE, Event
from bus_schemas.node import GapEvent
from tests import builders


def whole_numbers(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every place of a JSON schema at which a whole number may stand, with what is said of it."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer" and "const" not in schema and "enum" not in schema:
            yield path, schema
        for name, part in schema.items():
            yield from whole_numbers(part, f"{path}/{name}")
    elif isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from whole_numbers(part, f"{path}/{number}")


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_every_whole_number_fits_into_64_bits(model: type[Event]) -> None:
    found = dict(whole_numbers(model.model_json_schema()))

    assert found
    assert [path for path, said in found.items() if not said.get("maximum", MAX_SEQUENCE + 1) <= MAX_SEQUENCE] == []
    assert [path for path, said in found.items() if "minimum" not in said] == []


@pytest.mark.parametrize("count", [0, MAX_SEQUENCE + 1, 10**30])
def test_a_gap_of_more_than_there_can_be_is_refused(count: int) -> None:
    event = builders.gap(first=1, last=1)
    body = event.model_dump_json().replace('"count":1', f'"count":{count}')

    with pytest.raises(ValidationError, match="count"):
        GapEvent.model_validate_json(body)


def test_a_motion_that_never_ends_is_refused() -> None:
    body = builders.motion(duration_s=1.5).model_dump_json().replace('"duration_s":1.5', '"duration_s":1e999')

    with pytest.raises(ValidationError, match="duration_s"):
        type(builders.motion()).model_validate_json(body)
