"""A data directory in which no database could be opened is refused before anything is started on it."""

from pathlib import Path

import pytest

from consumers.engine.view_files import connect
from tests.builders import START
from watchpost.processes.data_directory_lock import LONGEST_PATH_BYTES, DataInUse, data_directory_lock

NAME = "a-view-whose-name-is-as-long-as-an-outbox-may-have-it-0123456789.1.sqlite"


def of_length(base: Path, length: int) -> Path:
    """A directory whose path has so many bytes."""
    missing = length - len(str(base))
    parts = ["d" * 150] * (missing // 151)
    return base.joinpath(*parts, "e" * (missing - 151 * len(parts) - 1))


def test_the_longest_path_has_room_for_every_database(tmp_path: Path) -> None:
    data = of_length(tmp_path, LONGEST_PATH_BYTES)
    with data_directory_lock(data, START):
        (data / "outbox").mkdir()
        opened = connect(data / "outbox" / NAME)
        opened.execute("create table there (is_so integer)")
        opened.close()


def test_a_path_that_is_too_long_for_sqlite_is_refused_in_a_sentence(tmp_path: Path) -> None:
    data = of_length(tmp_path, LONGEST_PATH_BYTES + 1)

    with (
        pytest.raises(DataInUse, match="the path of the data directory is 401 bytes long"),
        data_directory_lock(data, START),
    ):
        pass
    assert not data.exists()
