"""The page about reliability: each row of its table of costs names what limits the cost, and a test that exists."""

import re
from pathlib import Path

import pytest

from tests.faults.scenarios.table import SCENARIOS
from tests.parsed_modules import parsed

PAGE = Path("docs/reliability.md")
PATH = re.compile(r"`([a-z_0-9]+/[a-z_0-9/.]*)`")


def rows() -> list[list[str]]:
    """The cells of the table below "What one fault may cost", without its head."""
    section = PAGE.read_text().split("## What one fault may cost")[1].split("\n#")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


ROWS = {cells[0]: cells for cells in rows()}


def names_in(path: Path) -> list[str]:
    """The names of functions and classes in a file, or in all files of a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [name for file in files for name in (*parsed(file).functions, *parsed(file).classes)]


def test_the_table_has_a_row_for_each_level() -> None:
    assert len(ROWS) == len(rows()) > 30
    assert {len(cells) for cells in ROWS.values()} == {5}
    assert [level for level, cells in ROWS.items() if not all(cells)] == []


@pytest.mark.parametrize("level", ROWS)
def test_a_row_names_a_test_that_exists(level: str) -> None:
    *_, named = ROWS[level]
    paths = [Path(found) for found in PATH.findall(named)]
    scenarios = re.findall(r"scenario `(\w+)`", named)

    assert paths
    assert [path for path in paths if path.parts[0] != "tests" or not path.exists()] == []
    assert [path for path in paths if path.is_file() and not any(map(is_test, names_in(path)))] == []
    assert [path for path in paths if not names_in(path)] == []
    assert [name for name in scenarios if name not in SCENARIOS] == []


@pytest.mark.parametrize("level", ROWS)
def test_a_row_names_a_mechanism_that_exists(level: str) -> None:
    named = ROWS[level][3]
    paths = [Path(found) for found in PATH.findall(named)]

    assert paths
    assert [path for path in paths if not path.exists()] == []


def is_test(name: str) -> bool:
    return name.startswith("test_")


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/.]+)`", PAGE.read_text()))))
def test_whatever_test_the_page_names_exists(named: str) -> None:
    assert Path(named).exists()
