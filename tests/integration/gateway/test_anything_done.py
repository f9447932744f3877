"""What changes a hub is done, or refused with a sentence, where all that it needs is there: nothing is our fault."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.app import operations
from gateway.calls import Operation
from tests.examples import examples
from tests.integration.gateway.anything import bodies_of, is_json, never_our_fault, parts_of, query_of, trees
from tests.integration.gateway.known_values import Known, filled, near, one_of
from tests.integration.gateway.live_hub import live_hub
from tests.integration.gateway.right_bodies import RIGHT_BODIES

CHANGES = [one for one in operations() if one.method != "GET"]


@pytest.fixture(scope="module")
def sweeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with live_hub(tmp_path_factory.mktemp("live")) as started, started.client() as client:
        yield client


def test_there_is_a_right_body_of_each_operation_that_takes_one() -> None:
    assert RIGHT_BODIES.keys() == {one.name for one in CHANGES if one.body is not None}


@st.composite
def nearly_right(draw: st.DrawFn, operation: Operation, known: Known) -> dict[str, Any]:
    """As httpx is given it: the right body, or one in which a field or two are something else."""
    if operation.body is None:
        return {}
    body = dict(RIGHT_BODIES[operation.name])
    if "incidents" in body and (ids := known.of_key("incident_id")):
        body["incidents"] = ids[:2]
    for name in draw(st.lists(st.sampled_from(sorted(body)), max_size=2, unique=True)):
        others = known.values(name)
        body[name] = draw(others | st.lists(others, max_size=3) | near(body[name]) | trees.filter(is_json))
    return {"json": body}


@pytest.mark.parametrize("operation", CHANGES, ids=lambda operation: operation.name)
@examples(6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_change_is_made_or_refused_with_a_sentence(
    sweeping: httpx.Client, known: Known, operation: Operation, data: st.DataObject
) -> None:
    is_nearly_right = data.draw(st.sampled_from([True, True, False]))
    if is_nearly_right:
        parts, query, body = data.draw(one_of(known.parts(operation))), {}, data.draw(nearly_right(operation, known))
    else:
        parts, query = data.draw(parts_of(operation, known)), data.draw(query_of(operation, known))
        body = data.draw(bodies_of(operation, known))

    answer = sweeping.request(operation.method, filled(operation.path, parts), params=query, **body)

    assert answer.status_code < 500, answer.text
    never_our_fault(answer)
