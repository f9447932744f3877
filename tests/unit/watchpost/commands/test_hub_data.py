"""Every command on the data of a hub says in one sentence that there is none, and leaves nothing behind."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.command_line import run

NOBODY = 65534
RANGE = ("--from", "2026-01-05T10:00Z", "--to", "2026-01-05T11:00Z")
COMMANDS = (
    ("verify",),
    ("verify", "journal", "--deep"),
    ("verify", "media", "--repair"),
    ("backup", "{elsewhere}/backup"),
    ("rebuild", "alerting"),
    ("rebuild", "health", "--site", "A", "--since", "2026-01-05T10:00Z", "--until", "2026-01-05T11:00Z"),
    ("replay", *RANGE, "--into", "B"),
    ("export-log", "{elsewhere}/log.xz", *RANGE),
    ("what-if", "--since", "2026-01-05T10:00Z", "--until", "2026-01-05T11:00Z", "--set", "hot_spot_c=75"),
    ("devices", "list"),
    ("devices", "add", "A", "b"),
    ("devices", "rename", "A", "b", "Yard"),
    ("devices", "expect", "A", "b", "--expects", "nothing"),
    ("devices", "retire", "A", "b", "--yes"),
    ("devices", "restore", "A", "b"),
)


def no_directory(data: Path) -> str:
    return f"there is no directory {data}"


def empty(data: Path) -> str:
    data.mkdir()
    return f"there is no journal in {data}"


def foreign(data: Path) -> str:
    (data / "journal").mkdir(parents=True)
    (data / "journal" / "diary.txt").write_text("Dear diary")
    return f"there is no journal in {data}"


def a_file(data: Path) -> str:
    data.write_text("a file")
    return f"{data} is no directory"


def a_file_as_journal(data: Path) -> str:
    data.mkdir()
    (data / "journal").write_text("a file")
    return f"{data / 'journal'} is no directory"


def junk_as_day(data: Path) -> str:
    (data / "journal").mkdir(parents=True)
    (data / "journal" / "2026-01-05.sqlite").write_bytes(b"junk" * 1000)
    return f"{data / 'journal' / '2026-01-05.sqlite'} cannot be read: file is not a database"


def cut_off_day(data: Path) -> str:
    (data / "journal").mkdir(parents=True)
    (data / "journal" / "2026-01-05.sqlite").touch()
    return f"{data / 'journal' / '2026-01-05.sqlite'} cannot be read: no such table"


def closed(data: Path) -> str:
    data.mkdir(mode=0o000)
    return f"{data} cannot be read: Permission denied"


@contextmanager
def not_as_root() -> Iterator[None]:
    """Nothing is closed to root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def everything(directory: Path) -> list[str]:
    return sorted(f"{path} {path.lstat().st_size}" for path in directory.rglob("*"))


@pytest.mark.parametrize(
    "make", [no_directory, empty, foreign, a_file, a_file_as_journal, junk_as_day, cut_off_day, closed]
)
def test_a_directory_that_holds_no_hub_is_refused_in_one_sentence_and_stays_as_it_is(
    make: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    monkeypatch.chdir(tmp_path)
    said = make(data)
    elsewhere.mkdir()
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    before = everything(tmp_path)
    run(monkeypatch, "what-if", *COMMANDS[8][1:], "--data", str(data))  # Nobody may not read what it imports.
    capsys.readouterr()

    for command in COMMANDS:
        with not_as_root() if make is closed else nullcontext():
            code = run(monkeypatch, *(part.format(elsewhere=elsewhere) for part in command), "--data", str(data))
        reported = capsys.readouterr()

        assert code == 2, command
        assert (reported.out, reported.err.count("\n")) == ("", 1), command
        assert reported.err.startswith(said), command
    assert everything(tmp_path) == before
    if data.is_dir():
        data.chmod(0o755)


@pytest.mark.parametrize("process", ["up", "edge", "ingest", "consume", "gateway"])
def test_a_process_refuses_a_data_directory_that_is_a_file(
    process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_file(tmp_path / "data")

    assert run(monkeypatch, process, "--data", str(tmp_path / "data")) == 2
    assert f"{tmp_path / 'data'} is no directory" in capsys.readouterr().err
