"""The file of the log: whatever becomes of it, it is written again, and the terminal says so meanwhile."""

import io
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watchpost.processes.logs import ChildLog

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(tmp_path: Path, shown: io.StringIO) -> Iterator[ChildLog]:
    log = ChildLog(tmp_path / "logs" / "watchpost.log", shown, "json", lambda: NOON)
    yield log
    log.close()


def events(text: str) -> list[str]:
    return [json.loads(line)["event"] for line in text.splitlines()]


@pytest.mark.parametrize("is_whole_directory", [False, True])
def test_a_log_that_is_removed_while_it_is_written_is_begun_anew(
    log: ChildLog, tmp_path: Path, is_whole_directory: bool
) -> None:
    logs = tmp_path / "logs"
    log.line("ingest", "before")
    if is_whole_directory:
        shutil.rmtree(logs)
    else:
        (logs / "watchpost.log").unlink()
    log.line("ingest", "after")

    assert events((logs / "watchpost.log").read_text()) == ["after"]


def test_a_log_that_somebody_else_moved_away_goes_on_under_its_name(log: ChildLog, tmp_path: Path) -> None:
    file = tmp_path / "logs" / "watchpost.log"
    log.line("ingest", "before")
    file.rename(file.with_suffix(".old"))
    log.line("ingest", "after")

    assert events(file.read_text()) == ["after"]
    assert events(file.with_suffix(".old").read_text()) == ["before"]


def test_a_log_that_cannot_be_written_is_said_once_and_again_when_it_can(
    log: ChildLog, tmp_path: Path, shown: io.StringIO
) -> None:
    logs = tmp_path / "logs"
    log.line("ingest", "first")
    shutil.rmtree(logs)
    logs.write_text("somebody's file")
    for number in range(3):
        log.line("ingest", f"line {number}")
    logs.unlink()
    log.line("ingest", "last")

    assert events(shown.getvalue()) == [
        "first", "log file cannot be written", "line 0", "line 1", "line 2", "log file is written again", "last",
    ]  # fmt: skip
    assert events((logs / "watchpost.log").read_text()) == ["last"]
