"""The OpenAPI 3.1 document, generated from the operations that are the routes."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from gateway.calls import JSON, Operation
from gateway.http.answers import published_name
from gateway.http.auth import COOKIE, needs_token
from gateway.http.parameters import Parameters
from gateway.http.problems import MEDIA_TYPE as PROBLEM
from gateway.http.problems import ProblemDocument

_IN_PATH = re.compile(r"{(\w+)}")
_REASONS = {
    400: "What was sent does not fit; the detail says what.",
    401: "A token is needed.",
    403: "A request from another page, or by another name, is refused.",
    404: "There is no such thing.",
    409: "It cannot be done as things are; the detail says why.",
    413: "The body is too long.",
    429: "Too many tries, or too much at once; `Retry-After` says how many seconds to wait.",
    416: "No byte of the range exists.",
    503: "The answer is not ready yet; try again soon.",
}
ALWAYS = (400, 403, 404, 503)
CLOSED = (401, 429)
"""Statuses of operations that need a token."""


class _Schemas(GenerateJsonSchema):
    """A field's title would be its name again. An answer is published under the name of what it describes."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def normalize_name(self, name: str) -> str:
        return published_name(super().normalize_name(name))


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    answers = {one.answers for one in operations if not isinstance(one.answers, str)} | {ProblemDocument}
    bodies = {one.body for one in operations if one.body is not None}
    schemas, definitions = models_json_schema(
        sorted(
            [(model, "serialization") for model in answers] + [(model, "validation") for model in bodies],
            key=lambda pair: (pair[0].__name__, pair[1]),
        ),
        by_alias=True,
        ref_template="#/components/schemas/{model}",
        schema_generator=_Schemas,
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Watchpost", "version": version, "description": "Times are UTC, ISO 8601 with Z."},
        "servers": [{"url": "/", "description": "The gateway that this document is from."}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "responses": {_refusal_name(status): _refusal(status) for status in _REASONS},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "The token of the gateway."},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by signing in."},
            },
        },
        "security": [{"bearer": []}, {"session": []}],
    }


def _operation(one: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation_id(one),
        "summary": " ".join((one.handler.__doc__ or one.name).split()),
        "parameters": _parameters(one.parameters, _IN_PATH.findall(one.path)),
        "responses": {str(one.status): _answer(one, schemas)},
    }
    closed = needs_token(one.path)
    if not closed:
        made["security"] = []
    for status in sorted({*ALWAYS, *(CLOSED if closed else ()), *one.also}):
        made["responses"][str(status)] = _refused(status) if status >= 400 else _other(status, one, schemas)
    if one.body is not None:
        made["responses"]["413"] = _refused(413)
        content = {JSON: {"schema": schemas[one.body, "validation"]}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def operation_id(one: Operation) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", one.path.removeprefix("/api/v1")).strip("_")
    return f"{one.method.lower()}_{words}"


def _answer(one: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    if isinstance(one.answers, str):
        return {"description": "The answer.", "content": {one.answers: {}}}
    return {"description": "The answer.", "content": {JSON: {"schema": schemas[one.answers, "serialization"]}}}


def _other(status: int, one: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    without_content = {204: "There is nothing.", 304: "What you have is still so."}
    return {"description": without_content[status]} if status in without_content else _answer(one, schemas)


def _refused(status: int) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{_refusal_name(status)}"}


def _refusal_name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {"description": _REASONS[status], "content": {PROBLEM: {"schema": schema}}}


def _parameters(model: type[Parameters], in_path: list[str]) -> list[dict[str, Any]]:
    schema = _flat(model)
    required = set(schema.get("required", ()))
    made = []
    for name, described in schema.get("properties", {}).items():
        place = "path" if name in in_path else "query"
        parameter = {"name": name, "in": place, "required": name in required, "schema": described}
        if described.get("type") == "array":
            # Separated by commas.
            parameter |= {"style": "form", "explode": False}
        made.append(parameter)
    return made


def _flat(model: type[BaseModel]) -> dict[str, Any]:
    """Parameters are simple values: their schemas refer to nothing."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Schemas)
    assert "$defs" not in schema, f"{model.__name__} has a parameter that is not a simple value"
    return schema
