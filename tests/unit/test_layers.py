"""Imports keep the arrows one way."""

import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.parsed_modules import files, parsed

ALLOWED = {
    "bus_schemas": set[str](),
    "producer": {"bus_schemas"},
    "edge": {"bus_schemas", "producer"},
    "consumers": {"bus_schemas", "producer"},
    "gateway": {"bus_schemas", "producer", "consumers"},
    "mosquitto": set[str](),
    "watchpost": {"bus_schemas", "producer", "edge", "consumers", "gateway", "mosquitto"},
}
ROOMS = {
    "store": set[str](),
    "ingest": {"store"},
    "engine": {"store"},
    "views": {"store", "engine"},
    "alerting": {"store", "engine", "views"},
    "upkeep": {"store", "engine", "views"},
    "reports": {"store", "engine", "views", "alerting", "upkeep"},
}
"""The rooms of `consumers`, and which of the others each may use. What lies beside them is for all of them."""
CONTRACT_MAY_USE = {"pydantic", "pydantic_core", "annotated_types"}


@cache
def modules(package: str) -> dict[str, Path]:
    found = files((package,))
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in found}


def within(path: Path, there: dict[str, Path]) -> set[str]:
    """Those of these modules that a file imports, also inside functions."""
    found: set[str] = set()
    for one in parsed(path).imports:
        found |= {f"{one.module}.{name}" for name in one.names} & set(there) or {one.module}
    return found & set(there) - {name for name, file in there.items() if file == path}


def imported(path: Path) -> set[str]:
    """The first name of every absolute import in a file, also of those inside functions."""
    assert [f"{path}:{one.line} imports relatively" for one in parsed(path).imports if one.level] == []
    return {one.module.split(".")[0] for one in parsed(path).imports}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_is_below_it(package: str) -> None:
    ours = set(ALLOWED) | {"tests"}

    against_the_arrow = {
        (str(path), name)
        for path in modules(package).values()
        for name in imported(path) & ours - ALLOWED[package] - {package}
    }

    assert against_the_arrow == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_consumers_uses_only_the_rooms_below_it(room: str) -> None:
    there = modules("consumers")

    against_the_arrow = {
        (str(path), name.split(".")[1])
        for path in modules(f"consumers/{room}").values()
        for name in within(path, there)
        if name.split(".")[1] in set(ROOMS) - ROOMS[room] - {room}
    }

    assert against_the_arrow == set()


def test_every_folder_of_the_consumers_is_a_room() -> None:
    folders = {path.name for path in Path("consumers").iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert folders == set(ROOMS)


@pytest.mark.parametrize("package", ALLOWED)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    there = modules(package)

    try:
        TopologicalSorter({name: within(path, there) for name, path in there.items()}).prepare()
    except CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


def test_the_contract_needs_pydantic_alone() -> None:
    used = set().union(*[imported(path) for path in Path("bus_schemas").rglob("*.py")])

    assert used - sys.stdlib_module_names - CONTRACT_MAY_USE - {"bus_schemas"} == set()
