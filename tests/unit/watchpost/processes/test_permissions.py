"""The data directory is its owner's alone, whoever made it and when."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.required import unavailable
from watchpost.processes.permissions import give_to_the_owner, keep_to_the_owner


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(data: Path) -> dict[str, int]:
    paths = [data, *data.rglob("*")]
    return {str(path.relative_to(data)): path.lstat().st_mode & 0o777 for path in paths if not path.is_symlink()}


def test_a_directory_of_an_earlier_version_is_tightened(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "archive" / "A").mkdir(parents=True)
    (data / "views").mkdir()
    for name in ("archive/index.sqlite", "archive/A/1000.pack", "views/health.1.sqlite", "warehouse.json"):
        (data / name).write_text("text")
    (data / "views" / "health.sqlite").symlink_to("health.1.sqlite")
    data.chmod(0o755)

    keep_to_the_owner(data)

    assert modes(data) == {
        ".": 0o700, "archive": 0o700, "archive/A": 0o700, "views": 0o700, "archive/index.sqlite": 0o600,
        "archive/A/1000.pack": 0o600, "views/health.1.sqlite": 0o600, "warehouse.json": 0o600,
    }  # fmt: skip


def test_what_is_made_from_here_on_is_the_owner_s_alone(tmp_path: Path) -> None:
    keep_to_the_owner(tmp_path / "none")
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()

    assert {name: mode for name, mode in modes(tmp_path).items() if name != "."} == {"file": 0o600, "folder": 0o700}


@pytest.mark.parametrize("name", ["letters", "logs", "run", "archive", "agent"])
def test_a_directory_that_is_none_of_ours_is_left_alone(tmp_path: Path, name: str) -> None:
    """As `/`, or the folder of all backups of a machine: what is in it may be called as with us."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "one.txt").write_text("text")
    tmp_path.chmod(0o755)

    keep_to_the_owner(tmp_path)

    assert modes(tmp_path) == {".": 0o755, name: 0o755, f"{name}/one.txt": 0o644}


@pytest.mark.processes
def test_root_leaves_no_files_of_root_in_the_data_of_another_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        unavailable("only root may become another user")
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 1234, 1234)
    code = (
        "import sys; from pathlib import Path; from watchpost.processes.permissions import become_the_owner\n"
        "data = Path(sys.argv[1]); become_the_owner(data); (data / 'made').write_text('text')"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)
    subprocess.run([sys.executable, "-c", code, str(data)], check=True)

    made = (data / "made").stat()
    assert (made.st_uid, made.st_gid) == (1234, 1234)


def test_what_root_puts_into_the_data_of_another_user_becomes_that_one_s(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        unavailable("only root may give files away")
    data = tmp_path / "data"
    (data / "enrolment").mkdir(parents=True)
    (data / "enrolment" / "identity.json").write_text("{}")
    (data / "enrolment" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("of root")
    os.chown(data, 1234, 1234)

    give_to_the_owner(data)

    given = (data / "enrolment", data / "enrolment" / "identity.json", data / "enrolment" / "link")
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in given} == {(1234, 1234)}
    assert (tmp_path / "elsewhere").stat().st_uid == 0
