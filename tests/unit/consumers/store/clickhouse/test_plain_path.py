"""The name under which chDB gets its directory."""

import tempfile
from pathlib import Path

import pytest

from consumers.store.clickhouse.plain_path import plain_path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_usual_directory_has_its_own_name(tmp_path: Path) -> None:
    assert plain_path(tmp_path / "data %41") == tmp_path / "data %41"


def test_a_directory_with_marks_in_its_name_has_one_other_name_which_leads_there(tmp_path: Path) -> None:
    directory = tmp_path / "a?b&c"
    directory.mkdir()
    link = plain_path(directory)

    assert not {"?", "&"} & set(link.name)
    assert link.resolve() == directory.resolve()
    assert plain_path(directory) == link != plain_path(tmp_path / "a?b")


def test_no_link_is_put_where_others_can_write(tmp_path: Path) -> None:
    plain_path(tmp_path / "a?b").parent.chmod(0o755)

    with pytest.raises(PermissionError):
        plain_path(tmp_path / "a?b")
