"""The document of the bus, read by the official parser of AsyncAPI."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.asyncapi import asyncapi
from tests.required import missing

FOLDER = Path(__file__).parent / "asyncapi"
ERROR = 0
"""The severity of what makes a document invalid; a higher number is a lesser thing."""


def parse(document: Any) -> dict[str, Any]:
    if shutil.which("node") is None or not (FOLDER / "node_modules").is_dir():
        missing("the parser of AsyncAPI is not installed: ./dev setup")
    done = subprocess.run(
        ["node", str(FOLDER / "parse.mjs")],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.processes
def test_the_official_parser_takes_the_document_of_the_bus() -> None:
    document = asyncapi("1.2.3")

    answer = parse(document)

    # It would like the newest version of the format, which fewer programs read.
    assert [one for one in answer["found"] if one["code"] != "asyncapi-latest-version"] == []
    assert answer["valid"]
    assert answer["channels"] == len(document["channels"])


@pytest.mark.processes
def test_the_official_parser_finds_what_is_wrong() -> None:
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "A topic", "version": "1"},
        "channels": {"head": {"address": "a/head"}},
        "operations": {"head": {"action": "shout", "channel": {"$ref": "#/channels/head"}}},
    }

    answer = parse(document)

    assert not answer["valid"]
    assert [one["path"] for one in answer["found"] if one["severity"] == ERROR] == ["operations.head.action"]
