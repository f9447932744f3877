"""Imports keep the arrows one way."""

import ast
import sys
from pathlib import Path

import pytest

ALLOWED = {
    "bus_schemas": set[str](),
    "producer": {"bus_schemas"},
    "edge": {"bus_schemas", "producer"},
    "consumers": {"bus_schemas", "producer"},
    "gateway": {"bus_schemas", "producer", "consumers"},
    "mosquitto": set[str](),
    "watchpost": {"bus_schemas", "producer", "edge", "consumers", "gateway", "mosquitto"},
}
# The one place that starts the benchmarks, which live with the tests.
EXCEPTIONS = {("watchpost/parts.py", "tests")}
CONTRACT_MAY_USE = {"pydantic", "pydantic_core", "annotated_types"}


def imported(path: Path) -> set[str]:
    """The first name of every absolute import in a file, also of those inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            found.add(str(node.module).split(".")[0])
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_is_below_it(package: str) -> None:
    ours = set(ALLOWED) | {"tests"}

    against_the_arrow = {
        (str(path), name)
        for path in Path(package).rglob("*.py")
        if "node_modules" not in path.parts
        for name in imported(path) & ours - ALLOWED[package] - {package}
    }

    assert against_the_arrow - EXCEPTIONS == set()


def test_the_contract_needs_pydantic_alone() -> None:
    used = set().union(*[imported(path) for path in Path("bus_schemas").rglob("*.py")])

    assert used - sys.stdlib_module_names - CONTRACT_MAY_USE - {"bus_schemas"} == set()
