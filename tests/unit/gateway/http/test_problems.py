import json
from time import process_time

import pytest
from pydantic import BaseModel, ValidationError

from bus_schemas.complaints import MOST_LISTED, complaints, joined
from gateway.http.problems import InvalidField, Problem, faults, response


class Box(BaseModel):
    width: int


class Boxes(BaseModel):
    boxes: list[Box]


def test_a_problem_is_answered_as_rfc_9457_has_it() -> None:
    made = response(Problem(400, "limit: too many", [InvalidField(path="limit", message="too many")]))

    assert made.status_code == 400
    assert made.headers["content-type"] == "application/problem+json"
    assert json.loads(bytes(made.body)) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "limit: too many",
        "errors": [{"path": "limit", "message": "too many"}],
    }


def test_faults_beyond_a_number_are_counted() -> None:
    with pytest.raises(ValidationError) as few:
        Boxes.model_validate({"boxes": [{}] * MOST_LISTED})
    with pytest.raises(ValidationError) as many:
        Boxes.model_validate({"boxes": [{}] * 90_000})
    began = process_time()
    found = complaints(many.value)

    assert len(complaints(few.value)) == MOST_LISTED
    assert joined(found) == "90,000 values do not fit; at most 200 are listed"
    assert process_time() - began < 0.1


def test_every_fault_of_a_body_has_its_path() -> None:
    with pytest.raises(ValidationError) as caught:
        Boxes.model_validate({"boxes": [{"width": 1}, {"width": "secret"}, {}]})

    found = complaints(caught.value)

    assert [fault.path for fault in faults(found)] == ["boxes.1.width", "boxes.2.width"]
    assert joined(found).startswith("boxes.1.width: Input should be a valid integer")
    assert "secret" not in joined(found)
