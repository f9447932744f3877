"""The types and limits of the page are generated from the API, the types by openapi-typescript."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from consumers.alerting.rules import AlertRules
from gateway.app import operations
from gateway.form_limits import typescript
from gateway.openapi import document
from tests.required import missing
from watchpost import VERSION

PAGE = Path(__file__).parents[2] / "gateway" / "web"
_OWN_LIMIT = re.compile(r"""\b(?:min|max)length=["'{]+\d|\bmax=["'{]+\d""")
GENERATOR = PAGE / "node_modules" / ".bin" / "openapi-typescript"


@pytest.mark.processes
def test_the_page_has_the_types_of_the_api_as_it_is() -> None:
    if shutil.which("node") is None or not GENERATOR.exists():
        missing("what the page is built with is not installed: ./dev setup")

    described = json.dumps(document(operations(), VERSION))
    made = subprocess.run([str(GENERATOR)], input=described, capture_output=True, text=True, check=True, timeout=120)

    assert (PAGE / "src" / "api" / "http.gen.ts").read_text() == made.stdout, "write it again with: ./dev types"


def test_the_forms_of_the_page_have_the_limits_of_the_api_as_it_is() -> None:
    written = (PAGE / "src" / "api" / "limits.gen.ts").read_text()

    assert written == typescript(operations()), "write it again with: ./dev types"


def test_no_form_of_the_page_has_a_limit_of_its_own() -> None:
    forms = [path for path in (PAGE / "src").rglob("*.svelte") if _OWN_LIMIT.search(path.read_text())]

    assert forms == []


def test_every_alert_rule_has_its_own_words_on_the_page() -> None:
    worded = (PAGE / "src" / "state" / "trials.ts").read_text()

    assert [name for name in AlertRules.model_fields if f"  {name}: '" not in worded] == []
