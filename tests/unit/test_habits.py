"""What every test keeps to, and what every source does that asks a checker to look away."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parsed_modules import parsed

ROOT = Path(__file__).parents[2]
SOURCES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "tests").rglob("*.py"))}
IMPORT_OF_A_TEST = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_\w+", re.MULTILINE)
ID_OF_A_DOCUMENT = re.compile(r"test_[a-z]{1,2}_?\d+_\d+_")
DECIDES_TO_SKIP = re.compile(r"pytest\.(?:skip|mark\.skip|importorskip)")
SLEEPS = re.compile(r"^[^\"']*\b(?:(?:time|asyncio)\.sleep\((?!0\))|from time import .*sleep)", re.MULTILINE)
"""But for a program that a test hands to another process, which is a text."""

SUPPRESSION = re.compile(
    r"(?:#|//|<!--|/\*)\s*(?:"
    r"noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w, -]+\])?|nosec(?:\s+B\d+)?"
    r"|ruff:\s*noqa(?::\s*[A-Z\d, ]+)?"
    r"|pragma:\s*no cover|shellcheck disable=[SC\d,]+|@ts-(?:ignore|expect-error|nocheck)|prettier-ignore"
    r"|eslint-disable(?:-next-line|-line)?(?:\s+[@\w/-]+(?:,\s*[@\w/-]+)*)?|svelte-ignore\s+\w+(?:,\s*\w+)*"
    r")(?!\w)"
)
ENDS_A_COMMENT = re.compile(r"-->|\*/")
CHECKED = (".py", ".svelte", ".ts", ".js", ".mjs", ".css", ".html", ".sh", "/dev", ".ci/run", "deploy/watchpost")
NOT_OURS = {
    "node_modules",
    ".svelte-check",
    "static",
    "__pycache__",
    ".venv",
    ".git",
    ".cache",
    "data",
    "dist",
    "build",
}


def without_reason(line: str) -> bool:
    """Whether something on the line is suppressed and no word says why."""
    found = SUPPRESSION.search(line)
    return found is not None and not re.search(
        r"\w", ENDS_A_COMMENT.sub("", SUPPRESSION.sub("", line[found.start() :]))
    )


def sources() -> Iterator[Path]:
    """Every file that a checker reads."""
    for folder, below, names in os.walk(ROOT):
        below[:] = sorted(set(below) - NOT_OURS)
        yield from (path for path in (Path(folder, name) for name in names) if str(path).endswith(CHECKED))


def named() -> list[tuple[str, str]]:
    """Each module of tests with the name of each of its tests."""
    return [(path, name) for path in SOURCES if "/test_" in path for name in parsed(Path(path)).tests]


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


@pytest.mark.parametrize(
    ("line", "is_bare"),
    [
        ("x = y  # noqa: S608", True),
        ("x = y  # noqa: S608 - our own names", False),
        ("x = y  # noqa", True),
        ("x = y  # type: ignore[arg-type, misc]", True),
        ("x = y  # type: ignore[misc] # noqa: E402", True),
        ("x = y  # type: ignore[misc]  # paho has no types", False),
        ("  <!-- svelte-ignore a11y_no_static_element_interactions, a11y_click -->", True),
        ("  <!-- svelte-ignore a11y_click (its handle has keys) -->", False),
        ("// eslint-disable-next-line no-console", True),
        ("# shellcheck disable=SC2086", True),
        ("# shellcheck disable=SC2086 # one word a package", False),
        ("x = 'noqa'  # a word", False),
    ],
)
def test_a_suppression_without_a_reason_is_found(line: str, is_bare: bool) -> None:
    assert without_reason(line) is is_bare


def test_whoever_suppresses_a_check_says_why_on_the_line() -> None:
    files = [path for path in sources() if path != Path(__file__)]
    assert len(files) > 1000
    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if without_reason(line)
    ] == []
