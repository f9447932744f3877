import json
import subprocess
import sys
from pathlib import Path

import pytest

import bus_schemas

PROGRAM = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(loaded - set(sys.stdlib_module_names))))
"""
PYDANTIC = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}


@pytest.mark.processes
def test_the_contract_needs_pydantic_and_nothing_else() -> None:
    modules = [f"bus_schemas.{file.stem}" for file in Path(bus_schemas.__path__[0]).glob("*.py")]

    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, *modules], capture_output=True, text=True, check=True, timeout=60
    )

    loaded = {name for name in json.loads(answer.stdout) if not name.startswith("_sysconfigdata")}
    assert loaded <= {"bus_schemas", *PYDANTIC}
    assert "bus_schemas" in loaded
