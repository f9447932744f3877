"""The hub that all sweeps ask has one of each kind: no route is without something that it can be asked for."""

import httpx
import pytest

from gateway.app import operations
from gateway.calls import Operation
from tests.integration.gateway.api_document import ENDLESS
from tests.integration.gateway.known_values import Known, filled

WITH_PARTS = [one for one in operations() if "{" in one.path and not one.path.startswith(ENDLESS)]
READ = [one for one in WITH_PARTS if one.method == "GET"]


@pytest.mark.parametrize("operation", WITH_PARTS, ids=lambda operation: operation.name)
def test_what_a_route_names_is_in_the_hub(known: Known, operation: Operation) -> None:
    assert known.parts(operation)


@pytest.mark.parametrize("operation", READ, ids=lambda operation: operation.name)
def test_what_a_route_reads_is_found(sweeping: httpx.Client, known: Known, operation: Operation) -> None:
    answers = (
        sweeping.get(filled(operation.path, parts), params=known.required(operation, parts))
        for parts in known.parts(operation)
    )

    assert any(answer.status_code == 200 for answer in answers)
