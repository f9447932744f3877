"""Compares answers with the OpenAPI document, and names the parts of a path that exist in the filled hub."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from jsonschema import Draft202012Validator

from gateway.calls import ANY_MEDIA

READ = {
    "minute": "29460120",
    "site": "DEMO",
    "device": "yard",
    "kind": "visual",
    "node": "pi-1",
    "id": "alert-1",
    "date": "2026-01-05",
    "hour": "10",
    "name": "snapshot",
    "slot": "1000",
    "first": "29460120",
    "version": "1",
}
ENDLESS = ("/api/v1/live", "/live/")


def followed(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to, or the part itself."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    assert isinstance(found, dict)
    return found


class Answered(Protocol):
    """A response, whoever has asked for it."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, Any]: ...
    @property
    def content(self) -> bytes: ...


def misfits(document: dict[str, Any], path: str, method: str, answer: Answered) -> list[str]:
    """What of an answer is not as the document says: its status, its form, its body."""
    responses = document["paths"][path][method.lower()]["responses"]
    if str(answer.status_code) not in responses:
        return [f"{answer.status_code} is no status of this operation"]
    forms = followed(document, responses[str(answer.status_code)]).get("content", {})
    given = answer.headers.get("content-type")
    media_type = str(given[0] if isinstance(given, list) else given).partition(";")[0]
    if ANY_MEDIA in forms and answer.status_code < 400:
        return []
    if (forms and media_type not in forms) or (not forms and answer.content):
        return [f"{media_type} is no form of this answer"]
    if "schema" not in forms.get(media_type, {}):
        return []
    schema = {**forms[media_type]["schema"], "components": document["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(answer.content))]
