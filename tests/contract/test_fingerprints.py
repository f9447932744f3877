"""A view of one version is one and the same in every release: its tables, and what a fixed journal is folded into."""

import json
from typing import Any

import pytest

from tests.contract import fingerprints
from tests.contract.fingerprints import Fingerprint, committed, fingerprint, judge, names
from tests.memory_journal import MemoryJournal


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    return fingerprints.journal()


@pytest.mark.parametrize("name", names())
def test_who_changes_a_view_counts_its_version_up(name: str, journal: MemoryJournal) -> None:
    finding = judge(name, fingerprint(name, journal), committed(name))

    assert finding is None, finding.sentence


def test_no_fingerprint_is_of_a_consumer_that_is_gone() -> None:
    assert {file.stem for file in fingerprints.GOLDEN.glob("*.json")} == set(names())


BEFORE: Fingerprint = {
    "version": 3,
    "tables": {"rows": "CREATE TABLE rows (a integer)"},
    "rows": {"rows": "2 rows, 1f"},
    "emitted": "1 rows, 2f",
}


@pytest.mark.parametrize(
    ("change", "said", "is_forgotten"),
    [
        ({"tables": {"rows": "CREATE TABLE rows (a text)"}}, "the SQL of rows", True),
        ({"rows": {"rows": "3 rows, 3f"}}, "the rows of rows", True),
        ({"emitted": "1 rows, 4f"}, "what it emits", True),
        ({"rows": {"rows": "3 rows, 3f"}, "version": 4}, "is of version 4, and its fingerprint of version 3", False),
        ({"version": 2}, "versions only grow", True),
    ],
)
def test_what_has_changed_is_said_and_whether_the_version_was_forgotten(
    change: dict[str, Any], said: str, is_forgotten: bool
) -> None:
    finding = judge("some", {**BEFORE, **change}, BEFORE)

    assert finding is not None
    assert said in finding.sentence
    assert finding.is_forgotten is is_forgotten


def test_the_command_writes_no_fingerprint_of_a_version_that_was_not_counted_up(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = {"version": 3, "tables": {}}
    monkeypatch.setattr(fingerprints, "GOLDEN", tmp_path)
    monkeypatch.setattr(fingerprints, "names", lambda: ["forgotten", "counted"])
    now = {"forgotten": {"version": 3, "tables": {"a": "b"}}, "counted": {"version": 4, "tables": {"a": "b"}}}
    monkeypatch.setattr(fingerprints, "fingerprint", lambda name, _: now[name])
    for name in now:
        fingerprints.write(name, golden)

    refused = fingerprints.regenerate(lambda finding: not finding.is_forgotten)

    found = {name: json.loads((tmp_path / f"{name}.json").read_text())["version"] for name in now}
    assert (refused, found) == (1, {"forgotten": 3, "counted": 4})
    assert committed("forgotten") == golden
