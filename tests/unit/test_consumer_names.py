"""What differs between consumers is said where each is registered: no other module asks for the name of one."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from consumers.registry import CONSUMERS, STORE_OWNERS
from tests.parsed_modules import files

ROOMS = ("consumers", "gateway", "watchpost")
OTHER_THINGS = {
    ("consumers/alerting/incidents/presence.py", "readings"),  # what is expected of a device
    ("consumers/upkeep/evidence.py", "evidence"),  # a kind of media
    ("consumers/upkeep/retention/room_plan.py", "evidence"),
    ("consumers/upkeep/retention/selection.py", "evidence"),
    ("gateway/messages/commands.py", "settings"),  # a command
    ("watchpost/sizing/estimate.py", "motion"),  # types of events
    ("watchpost/sizing/estimate.py", "health"),
    ("consumers/upkeep/retention/write_rates.py", "evidence"),  # a kind of media
}
"""Words that are a consumer's name as well, and mean something else in a file."""


@cache
def names() -> frozenset[str]:
    return frozenset({*CONSUMERS, *STORE_OWNERS})


@cache
def classes() -> Mapping[str, str]:
    """The name of the consumer by the name of its class."""
    registered = {name: known.consumer for name, known in CONSUMERS.items()} | STORE_OWNERS
    return {made.__name__: name for name, made in registered.items()}


def constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text)))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text)))
            ) if text in names():
                yield name, text


def constants_of(tree: ast.Module) -> Mapping[str, str]:
    """The constants of a module that are the name of a consumer, and those that it imports."""
    found = dict(constants(tree))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(ROOMS):
            there = own_constants(node.module)
            found |= {one.asname or one.name: there[one.name] for one in node.names if one.name in there}
    return found


@cache
def own_constants(module: str) -> Mapping[str, str]:
    place = Path(*module.split("."))
    origin = next((one for one in (place.with_suffix(".py"), place / "__init__.py") if one.exists()), None)
    return {} if origin is None else dict(constants(ast.parse(origin.read_text())))


def parts(node: ast.expr) -> Iterator[ast.expr]:
    """The node, or what is in a collection that is written out."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        for one in node.elts:
            yield from parts(one)
    else:
        yield node


def asked_for(path: Path) -> Iterator[tuple[str, str, int]]:
    """The names of consumers that something is compared with."""
    tree = ast.parse(path.read_text())
    known = constants_of(tree)
    for node in ast.walk(tree):
        compared: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            compared = [node.value]
        for one in (part for each in compared for part in parts(each)):
            match one:
                case ast.Constant(value=str(text)) if text in names():
                    yield str(path), text, one.lineno
                case ast.Name(id=name) if name in known:
                    yield str(path), known[name], one.lineno
                case ast.Attribute(value=ast.Name(id=name), attr="name") if name in classes():
                    yield str(path), classes()[name], one.lineno


def test_no_module_branches_on_the_name_of_a_consumer() -> None:
    found = [one for path in files(ROOMS) if path != Path("consumers/registry.py") for one in asked_for(path)]

    assert [f"{path}:{line} {name}" for path, name, line in found if (path, name) not in OTHER_THINGS] == []


@pytest.mark.parametrize(
    "code",
    [
        "found = part == 'warehouse'",
        "found = 'webhook' in parts",
        "SLOW = 'mosaics'\nfound = sorted(parts, key=lambda part: part != SLOW)",
        "from consumers.views.warehouse import WAREHOUSE\nfound = names == [WAREHOUSE]",
        "found = part == MosaicsProjection.name",
        "match part:\n    case 'warehouse':\n        found = True",
    ],
)
def test_each_way_to_ask_for_a_name_is_found(code: str, tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(code)

    assert len(list(asked_for(file))) == 1
