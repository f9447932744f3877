"""What Hypothesis knows of our modules is there before lanes of tests ask for it."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import configuration
from hypothesis.internal import constants_ast

from tools.hypothesis_tables import keep_constants

MODULE = "bus_schemas.limits"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """Where it is kept, with nothing there yet."""
    constants_ast.constants_from_module.cache_clear()
    before = configuration.storage_directory().path
    configuration.set_hypothesis_home_dir(tmp_path)
    yield tmp_path / "constants"
    configuration.set_hypothesis_home_dir(before)
    constants_ast.constants_from_module.cache_clear()


def test_the_constants_of_a_module_are_found_by_who_has_imported_it(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(*MODULE.split(".")).with_suffix(".py")
    keep_constants([source])
    constants_ast.constants_from_module.cache_clear()
    parsed: list[str | bytes] = []
    parse = ast.parse

    def seen(text: str | bytes) -> ast.Module:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(ast, "parse", seen)

    found = constants_ast.constants_from_module(import_module(MODULE))

    assert len(found) > 10
    assert source.read_bytes() not in parsed
    assert len(parsed) == len(list(kept.iterdir())) == 1


def test_tests_have_no_constants_that_are_tried(kept: Path) -> None:
    keep_constants([Path(__file__)])

    assert not kept.exists()
