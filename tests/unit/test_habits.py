"""What every test keeps to."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "tests").rglob("*.py"))}
IMPORT_OF_A_TEST = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_\w+", re.MULTILINE)
ID_OF_A_DOCUMENT = re.compile(r"test_[a-z]{1,2}_?\d+_\d+_")
DECIDES_TO_SKIP = re.compile(r"pytest\.(?:skip|mark\.skip|importorskip)")
SLEEPS = re.compile(r"^[^\"']*\b(?:(?:time|asyncio)\.sleep\((?!0\))|from time import .*sleep)", re.MULTILINE)
"""But for a program that a test hands to another process, which is a text."""


@cache
def named() -> list[tuple[str, str]]:
    """Each module of tests with the name of each of its tests."""
    return [
        (path, node.name)
        for path, text in SOURCES.items()
        if "/test_" in path
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


def test_no_test_imports_another() -> None:
    """What two of them need stands in a module of its own; an import would run the other's fixtures and tables."""
    assert [path for path, text in SOURCES.items() if IMPORT_OF_A_TEST.search(text)] == []


@pytest.mark.parametrize("line", ["from tests.unit.test_a import b", "    from tests.faults.test_a import b"])
def test_an_import_of_a_test_is_found_also_inside_a_function(line: str) -> None:
    assert IMPORT_OF_A_TEST.search(f"import os\n{line}\n")


def test_the_name_of_a_test_is_a_sentence_without_the_id_of_a_document() -> None:
    assert [one for one in named() if ID_OF_A_DOCUMENT.match(one[1]) or one[1].count("_") < 3] == []


def test_only_one_place_decides_whether_a_test_is_skipped() -> None:
    """So that what can be installed and is missing fails in CI."""
    assert [path for path, text in SOURCES.items() if DECIDES_TO_SKIP.search(text)] == ["tests/required.py"]


def test_no_test_sleeps() -> None:
    """It waits for a condition (`tests/eventually.py`)."""
    assert [path for path, text in SOURCES.items() if "/test_" in path and SLEEPS.search(text)] == []
