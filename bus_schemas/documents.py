"""Writes the contract as documents: JSON Schema, AsyncAPI and TypeScript."""

import json
from collections.abc import Callable

from bus_schemas.asyncapi import asyncapi
from bus_schemas.json_schema import json_schemas
from bus_schemas.typescript import typescript

VERSION = "1.10.0"
"""The version of the contract. The second number grows with every addition; the first is that of the topics."""

DOCUMENTS: dict[str, Callable[[], str]] = {
    "json": lambda: _written(json_schemas()),
    "asyncapi": lambda: _written(asyncapi(VERSION)),
    "typescript": typescript,
}


def document(kind: str) -> str:
    """Raises `ValueError` for a kind of document that the contract does not have."""
    write = DOCUMENTS.get(kind)
    if write is None:
        raise ValueError(f"the contract has no document {kind!r}; it has {', '.join(DOCUMENTS)}")
    return write()


def _written(found: object) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False)
