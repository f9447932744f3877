"""What modules define and import: each is parsed once by all tests of a process, and its tree is not kept."""

import ast
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """`from module import names`, or `import module`, also inside functions."""

    module: str
    names: tuple[str, ...]
    level: int
    line: int


@dataclass(frozen=True)
class ParsedModule:
    identifiers: frozenset[str]
    """Names of classes, functions, arguments, variables and attributes."""
    classes: tuple[str, ...]
    functions: tuple[str, ...]
    """Of the module itself and of its classes, also inside functions."""
    tests: tuple[str, ...]
    """Functions of the module itself that pytest runs."""
    imports: tuple[Import, ...]
    texts: tuple[str, ...]
    """Strings that stand as statements: docstrings, and what stands below a constant."""


def files(packages: Iterable[str]) -> Iterator[Path]:
    for package in packages:
        for folder, below, names in os.walk(package):
            below[:] = sorted(set(below) - {"web", "static", "__pycache__"})
            yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))


@cache
def parsed(path: Path) -> ParsedModule:
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return ParsedModule(
        frozenset(_identifiers(nodes)),
        tuple(node.name for node in nodes if isinstance(node, ast.ClassDef)),
        tuple(node.name for node in nodes if isinstance(node, functions)),
        tuple(node.name for node in tree.body if isinstance(node, functions) and node.name.startswith("test_")),
        tuple(_imports(nodes)),
        tuple(_texts(nodes)),
    )


def _identifiers(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def _imports(nodes: list[ast.AST]) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, (), 0, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.module or "", tuple(alias.name for alias in node.names), node.level, node.lineno)


def _texts(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text
