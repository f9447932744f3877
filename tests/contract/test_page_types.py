"""The types of the page are generated: those of the API from its OpenAPI document, by openapi-typescript."""

import json
import shutil
import subprocess
from pathlib import Path

from gateway.app import operations
from gateway.openapi import document
from tests.required import missing
from watchpost import VERSION

PAGE = Path(__file__).parents[2] / "gateway" / "web"
GENERATOR = PAGE / "node_modules" / ".bin" / "openapi-typescript"


def test_the_page_has_the_types_of_the_api_as_it_is() -> None:
    if shutil.which("node") is None or not GENERATOR.exists():
        missing("what the page is built with is not installed: ./dev setup")

    described = json.dumps(document(operations(), VERSION))
    made = subprocess.run([str(GENERATOR)], input=described, capture_output=True, text=True, check=True, timeout=120)

    assert (PAGE / "src" / "api" / "http.gen.ts").read_text() == made.stdout, "write it again with: ./dev types"
