"""Whatever is sent, the answer is never our fault: no 500, and a sentence with every refusal."""

import re
import string
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.app import operations
from gateway.calls import Operation
from gateway.http.parameters import query_keys
from tests.examples import examples
from tests.integration.gateway.api_document import ENDLESS, READ
from tests.integration.gateway.known_values import Known, filled, near, one_of

OPERATIONS = [one for one in operations() if not (one.method == "GET" and one.path.startswith(ENDLESS))]

NASTY = [
    "", "0", "-1", "99", "1e400", "NaN", "..", ".", "%", "'", '"', ";--", "\x00", "\n", "٣", "🙂", "null", "9" * 40,
    "2026-02-30", "0001-01-01", "9999-12-31", "2026-01-05", "2026-01-05T10:00:00Z", "9999-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z", "2026-01-05T10:00:00+23:59", "a" * 300, "[]", "{}", "true", "DEMO", "yard", "_hub",
]  # fmt: skip
values = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))


def is_part(text: str) -> bool:
    """Whether a client sends it as the part of a path that it is."""
    return text not in ("", ".", "..")


parts = values.filter(is_part)
trees = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rois", "zones", "motion", "name", "by", "coordinates"]), children, max_size=3
        )
    ),
    max_leaves=8,
)


def keys_of(operation: Operation) -> tuple[str, ...]:
    return query_keys(operation.parameters, frozenset(re.findall(r"{(\w+)}", operation.path)))


def never_our_fault(answer: httpx.Response) -> None:
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert len(problem["detail"]) > 10


@st.composite
def parts_of(draw: st.DrawFn, operation: Operation, known: Known) -> dict[str, str]:
    """Those of something that is there, of something that almost is, or anything."""
    found = dict(draw(one_of(known.parts(operation))))
    for name in draw(st.sampled_from([(), (), *((name,) for name in found), tuple(found)])):
        found[name] = draw(parts | near(found[name]).map(str).filter(is_part))
    return found


def query_of(operation: Operation, known: Known) -> st.SearchStrategy[dict[str, str]]:
    keys = keys_of(operation)
    if not keys:
        return st.just({})
    pairs = st.sampled_from(keys).flatmap(lambda key: st.tuples(st.just(key), values | known.values(key).map(str)))
    return st.lists(pairs, max_size=4).map(dict)


def bodies_of(operation: Operation, known: Known) -> st.SearchStrategy[dict[str, Any]]:
    """What httpx is given of a body: one with the fields that it has, anything that is JSON, or what is none."""
    if operation.body is None:
        return st.just({})
    fields = {
        field.alias or name: known.values(name) | st.lists(known.values(name), max_size=2) | trees
        for name, field in operation.body.model_fields.items()
    }
    whole = st.fixed_dictionaries(fields) | st.fixed_dictionaries({}, optional=fields)
    return (whole | trees).filter(_is_json).map(lambda tree: {"json": tree}) | st.just({"content": b"{"})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
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


def _is_json(tree: Any) -> bool:
    return not re.search(r"\b(nan|inf)\b", repr(tree))


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
