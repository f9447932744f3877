"""Every operation answers as its document says, whatever it allows is sent: by a fuzzer that reads it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from requests import Session
from schemathesis import APIOperation, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    status_code_conformance,
)

from gateway.app import operations
from gateway.openapi import document
from tests.examples import examples
from tests.integration.gateway.api_document import ENDLESS, misfits
from tests.integration.gateway.known_values import Known, one_of
from tests.integration.gateway.started import Started
from watchpost import VERSION

DOCUMENT = document(operations(), VERSION)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).exclude(method="GET", path_regex=f"^({'|'.join(ENDLESS)})")
OPERATIONS: list[Any] = [found.ok() for found in SCHEMA.get_all_operations()]  # type: ignore[union-attr]  # a bad schema fails here
ASKED = {one.name: one for one in operations()}
# Its own check of bodies takes a tuple of the newest JSON Schema for an invalid one.
CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """For all requests: otherwise each is made by a client of its own."""
    with Session() as session:
        yield session


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # of the fuzzer's own strategies
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
@examples(4, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_operation_answers_as_the_document_says(
    each_kind: Started,
    session: Session,
    known: Known,
    operation: APIOperation[Any, Any, Any, Any],
    data: st.DataObject,
) -> None:
    """Of what does not fit the document, `test_anything` sends more."""
    is_known = data.draw(st.booleans())
    case = data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    if is_known:
        case.path_parameters = dict(data.draw(one_of(known.parts(ASKED[operation.label]))))
        case.query = {name: data.draw(known.like(name, value)) for name, value in (case.query or {}).items()}
        if isinstance(case.body, dict):
            case.body = {name: data.draw(known.like(name, value)) for name, value in case.body.items()}

    answer = case.call_and_validate(base_url=each_kind.url, session=session, checks=CHECKS, timeout=30)

    assert misfits(DOCUMENT, operation.path, operation.method, answer) == []


def test_an_answer_that_is_not_as_the_document_says_is_found(each_kind: Started) -> None:
    """What the fuzzer relies on can fail."""
    operation = next(one for one in OPERATIONS if one.label == "GET /health")
    changed: Any = {**DOCUMENT, "paths": {"/health": {"get": {"responses": {"200": {"content": {}}}}}}}
    answer = operation.Case().call(base_url=each_kind.url, timeout=30)

    assert misfits(DOCUMENT, "/health", "get", answer) == []
    assert misfits(changed, "/health", "get", answer) == ["application/json is no form of this answer"]
