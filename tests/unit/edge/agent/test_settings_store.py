"""Settings that people have changed outlive the process."""

import errno
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bus_schemas.node import Command
from bus_schemas.settings import AdjustableSettings, MotionSettings
from edge.agent.settings_store import ANSWERS_KEPT, SettingsStore, StoredSettings

SOURCE = "/sites/YARD/devices/GATE"
OTHER = "/sites/YARD/devices/DOOR"
CONFIGURED = AdjustableSettings()
CHANGED = AdjustableSettings(motion=MotionSettings(sensitivity=77))


def test_what_was_changed_holds_after_a_restart(tmp_path: Path) -> None:
    SettingsStore(tmp_path / "agent" / "yard.json", [SOURCE, OTHER]).keep(SOURCE, CHANGED)
    again = SettingsStore(tmp_path / "agent" / "yard.json", [SOURCE, OTHER])

    assert again.current(SOURCE, CONFIGURED) == CHANGED
    assert again.current("/sites/YARD/devices/DOOR", CONFIGURED) == CONFIGURED


def test_what_was_told_is_remembered_apart_from_what_was_changed(tmp_path: Path) -> None:
    SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER]).was_sent(SOURCE, CONFIGURED)
    again = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert again.sent(SOURCE) == CONFIGURED
    assert again.current(SOURCE, CHANGED) == CHANGED


def test_a_file_that_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "yard.json").write_text('{"changed": 7}')
    opened = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert opened.current(SOURCE, CONFIGURED) == CONFIGURED
    assert (tmp_path / "yard.unreadable").exists()
    assert "could not be read" in (opened.trouble(SOURCE) or "")
    assert SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER]).trouble(OTHER) is not None


def test_what_was_changed_holds_in_this_process_also_where_the_disk_has_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory: list[StoredSettings] = []
    SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER], memory).keep(SOURCE, CHANGED)

    def dead(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", dead)
    again = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER], memory)
    in_a_new_process = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert (again.current(SOURCE, CONFIGURED), again.trouble(SOURCE)) == (CHANGED, None)
    assert "could not be read (Input/output error)" in (in_a_new_process.trouble(SOURCE) or "")


def test_settings_that_no_longer_fit_are_set_aside_and_the_others_hold(tmp_path: Path) -> None:
    good = CHANGED.model_dump(mode="json")
    bad = {"rois": [{"name": "  ", "coordinates": [[0, 0], [4, 4]]}]}
    (tmp_path / "yard.json").write_text(json.dumps({"changed": {SOURCE: bad, OTHER: good}}))
    opened = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert opened.current(SOURCE, CONFIGURED) == CONFIGURED
    assert opened.current(OTHER, CONFIGURED) == CHANGED
    assert "rois.0.name" in (opened.trouble(SOURCE) or "")
    assert opened.trouble(OTHER) is None


def test_what_was_set_aside_is_told_of_until_people_set_something_else(tmp_path: Path) -> None:
    opened = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])
    opened.keep(SOURCE, CHANGED)
    opened.set_aside(SOURCE, "it cannot be applied")
    again = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert again.current(SOURCE, CONFIGURED) == CONFIGURED
    assert again.trouble(SOURCE) is not None
    again.keep(SOURCE, CHANGED)
    assert SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER]).trouble(SOURCE) is None


def test_answers_are_remembered_over_a_restart_and_only_the_newest_of_them(tmp_path: Path) -> None:
    opened = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])
    for number in range(ANSWERS_KEPT + 1):
        opened.remember(SOURCE, Command(request_id=f"r{number}", name="snapshot", state="done"))
    again = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert again.answer(SOURCE, "r0") is None
    assert again.answer(SOURCE, "r1") == Command(request_id="r1", name="snapshot", state="done")
    assert again.answer(OTHER, "r1") is None


KEYS = st.sampled_from(
    ["changed", "told", "set_aside", "answers", SOURCE, f"{SOURCE} r1", "settings", "reason", "motion"]
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.one_of(ANYTHING.map(json.dumps).map(str.encode), st.binary(max_size=60)))
@example(written=b"[" * 100_000)
@example(written=b'{"changed": {"x": ' + b"9" * 5000 + b"}}")
def test_whatever_stands_in_the_file_an_agent_begins_and_says_what_it_could_not_use(
    written: bytes, tmp_path: Path
) -> None:
    (tmp_path / "yard.json").write_bytes(written)
    opened = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])
    kept = opened.current(SOURCE, CONFIGURED)
    opened.keep(OTHER, CHANGED)
    again = SettingsStore(tmp_path / "yard.json", [SOURCE, OTHER])

    assert AdjustableSettings.model_validate(kept.model_dump()) == kept
    assert again.current(SOURCE, CONFIGURED) == kept
    assert again.trouble(SOURCE) == opened.trouble(SOURCE)
    assert again.current(OTHER, CONFIGURED) == CHANGED
