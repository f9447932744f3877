"""Whatever is sent, the answer is never our fault: no 500, and a sentence with every refusal."""

import string
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.app import operations
from gateway.calls import Operation
from tests.examples import examples
from tests.integration.gateway.anything import bodies_of, keys_of, never_our_fault, parts_of, query_of
from tests.integration.gateway.api_document import ENDLESS, READ
from tests.integration.gateway.known_values import Known, filled

OPERATIONS = [one for one in operations() if not (one.method == "GET" and one.path.startswith(ENDLESS))]
READING = [one for one in OPERATIONS if one.method == "GET"]
"""Those that change something are swept in `test_anything_done`, by a hub that can do it."""


@pytest.mark.parametrize("operation", READING, ids=lambda operation: operation.name)
@examples(6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_anything_is_answered(sweeping: httpx.Client, known: Known, operation: Operation, data: st.DataObject) -> None:
    path = filled(operation.path, data.draw(parts_of(operation, known)))
    query, body = data.draw(query_of(operation, known)), data.draw(bodies_of(operation, known))

    never_our_fault(sweeping.request(operation.method, path, params=query, **body))


def whole_numbers(operation: Operation) -> Iterator[tuple[str, int]]:
    """The keys of the query that take whole numbers, each with the smallest and the largest that it takes."""
    schemas = operation.parameters.model_json_schema()["properties"]
    for key in keys_of(operation):
        for kind in schemas[key].get("anyOf", [schemas[key]]):
            if kind.get("type") == "integer":
                yield key, kind.get("minimum", -(2**63))
                yield key, kind.get("maximum", kind.get("exclusiveMaximum", 2**63) - 1)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_smallest_and_the_largest_number_that_a_key_takes_are_answered(
    sweeping: httpx.Client, known: Known, operation: Operation
) -> None:
    parts = known.parts(operation)[0]
    for key, number in whole_numbers(operation):
        asked = {**known.required(operation, parts), key: str(number)}
        never_our_fault(sweeping.request(operation.method, filled(operation.path, parts), params=asked))


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_a_query_key_that_is_not_known_is_refused_with_those_that_are(
    sweeping: httpx.Client, operation: Operation
) -> None:
    answer = sweeping.request(operation.method, filled(operation.path, READ), params={"limti": "5"})

    never_our_fault(answer)
    assert answer.status_code == 400
    assert "'limti'" in answer.json()["detail"]
    assert all(key in answer.json()["detail"] for key in keys_of(operation))


def test_a_query_key_that_is_given_twice_is_refused(sweeping: httpx.Client) -> None:
    answer = sweeping.get("/api/v1/alerts?limit=5&limit=6")

    assert answer.status_code == 400
    assert answer.json()["detail"] == "the query key 'limit' is given 2 times"


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api", "/media", "/hls/x", "/heatmaps/DEMO/9999.jpg", "/api/v1/sites/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_what_does_not_exist_is_said_so(sweeping: httpx.Client, method: str, path: str) -> None:
    answer = sweeping.request(method, path)

    assert answer.status_code in (400, 404, 405)
    never_our_fault(answer)


def test_a_body_that_is_too_long_is_refused(sweeping: httpx.Client) -> None:
    answer = sweeping.put("/api/v1/sites/DEMO/devices/yard/rois", content=b" " * 1_100_000)

    assert answer.status_code == 413
    never_our_fault(answer)


def test_headers_of_any_kind_are_no_fault(sweeping: httpx.Client) -> None:
    for name in ("Range", "If-None-Match", "If-Range", "Accept", "Last-Event-ID", "Cookie", "Authorization"):
        for value in ("", "bytes=-", "é" * 10, string.punctuation):
            raw = [(name.encode(), value.encode())]
            never_our_fault(sweeping.get("/media/DEMO/yard/segment/one", headers=raw))
