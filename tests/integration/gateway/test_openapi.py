"""The document of the API against the running application: complete, and true."""

import json
import re
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from gateway.app import build, operations
from tests.integration.gateway.api_document import ENDLESS, READ, followed, misfits
from tests.integration.gateway.started import Started
from watchpost.processes.entry_points import schema


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/openapi.json").json()
    return answer


def test_every_route_is_in_the_document(started: Started, document: dict[str, Any]) -> None:
    routes = [route for route in build(started.gateway).routes if isinstance(route, Route) and route.name != "page"]
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}

    assert {(one.path, one.method) for route in routes for one in operations() if one.name == route.name} == described
    assert len(described) == len(operations())


def test_a_running_hub_serves_the_contract_that_the_command_line_prints(client: httpx.Client) -> None:
    assert client.get("/api/asyncapi.json").json() == json.loads(schema("asyncapi"))


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_operation_has_an_id_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    described = [operation for methods in document["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in described]

    assert len(ids) == len(set(ids))
    assert all(operation["summary"] for operation in described)


def test_what_a_token_opens_says_so(document: dict[str, Any]) -> None:
    open_to_all = {
        path
        for path, methods in document["paths"].items()
        if all(one.get("security") == [] for one in methods.values())
    }

    assert open_to_all == {"/health", "/ready", "/api/v1/session", "/api/v1/enrol"}
    assert {"401", "429"} <= set(document["paths"]["/api/v1/sites"]["get"]["responses"])


def test_the_name_of_a_schema_does_not_tell_where_its_code_lies(document: dict[str, Any]) -> None:
    """pydantic puts the module in front of names that two models have, and a moved file would change the API."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        followed(document, {"$ref": reference})


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(references(part) for part in value))
    return set()


def test_every_part_of_a_path_has_a_value_that_the_sweeps_ask_for() -> None:
    """Or a sweep asks for the name of the part, and reads nothing."""
    assert {name for one in operations() for name in re.findall(r"{(\w+)}", one.path)} == READ.keys()


READABLE = [one for one in operations() if one.method == "GET" and not one.path.startswith(ENDLESS)]


@pytest.mark.parametrize("operation", READABLE, ids=lambda operation: operation.path)
def test_an_answer_is_what_the_document_says(client: httpx.Client, document: dict[str, Any], operation: Any) -> None:
    answer = client.get(operation.path.format(**READ))

    assert misfits(document, operation.path, "get", answer) == []
