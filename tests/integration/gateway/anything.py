"""Parts of paths, queries and bodies as anybody may send them, most of them wrong, and what is never an answer."""

import re
from typing import Any

import httpx
from hypothesis import strategies as st

from gateway.calls import Operation
from gateway.http.parameters import query_keys
from tests.integration.gateway.known_values import Known, near, one_of

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
    return (whole | trees).filter(is_json).map(lambda tree: {"json": tree}) | st.just({"content": b"{"})


def is_json(tree: Any) -> bool:
    return not re.search(r"\b(nan|inf)\b", repr(tree))
