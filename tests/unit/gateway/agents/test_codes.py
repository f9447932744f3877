"""One-time codes."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.agents.codes import CodeInvalid, Codes
from tests.builders import START, at

MINUTES = timedelta(minutes=15)


@pytest.fixture
def codes(tmp_path: Path) -> Codes:
    return Codes(tmp_path)


def test_a_code_is_for_one_agent_until_it_is_cancelled(codes: Codes) -> None:
    code, expires = codes.issue("pi-1", "ada", START, MINUTES)
    other, _ = codes.issue("pi-2", "ada", START, MINUTES)

    found = codes.find(code, at(1))

    assert (found.node, found.by, expires) == ("pi-1", "ada", START + MINUTES)
    codes.cancel("pi-1", at(1))
    with pytest.raises(CodeInvalid, match="mistyped, used already, or expired"):
        codes.find(code, at(2))
    assert codes.find(other, at(2)).node == "pi-2"


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_code_is_read_however_it_was_typed(codes: Codes, typed: Callable[[str], str]) -> None:
    code, _ = codes.issue("pi-1", "ada", START, MINUTES)

    assert codes.find(typed(code), START).node == "pi-1"


def test_letters_that_look_like_digits_are_read_as_these(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.agents.codes.secrets.choice", lambda letters: letters[1])
    codes.issue("pi-1", "ada", START, MINUTES)

    assert codes.find("IlIl-1111-LLLL", START).node == "pi-1"


def test_a_code_expires(codes: Codes) -> None:
    code, expires = codes.issue("pi-1", "ada", START, MINUTES)

    with pytest.raises(CodeInvalid):
        codes.find(code, expires)


def test_a_new_code_makes_the_older_one_of_the_agent_void(codes: Codes) -> None:
    first, _ = codes.issue("pi-1", "ada", START, MINUTES)
    other, _ = codes.issue("pi-2", "ada", START, MINUTES)
    second, _ = codes.issue("pi-1", "bob", START, MINUTES)

    with pytest.raises(CodeInvalid):
        codes.find(first, START)
    assert [codes.find(code, START).node for code in (other, second)] == ["pi-2", "pi-1"]


def test_the_file_holds_no_code_and_is_its_owners_alone(codes: Codes, tmp_path: Path) -> None:
    code, _ = codes.issue("pi-1", "ada", START, MINUTES)
    file = tmp_path / "codes.json"

    assert code not in file.read_text()
    assert code.replace("-", "") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one["node"] for one in json.loads(file.read_text())] == ["pi-1"]


def test_a_damaged_file_costs_the_codes_in_it(codes: Codes, tmp_path: Path) -> None:
    code, _ = codes.issue("pi-1", "ada", START, MINUTES)
    (tmp_path / "codes.json").write_text('[{"sha256": 1')

    with pytest.raises(CodeInvalid):
        codes.find(code, START)
    assert codes.find(codes.issue("pi-1", "ada", START, MINUTES)[0], START).node == "pi-1"
