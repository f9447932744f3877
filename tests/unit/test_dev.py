"""`./dev` in a copy of the project: what it takes for done, and what it does anew."""

import shutil
import subprocess
from pathlib import Path

import pytest

DEV = Path("dev").read_text()
STAMPS = Path(".cache/dev")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """With everything of the script but what it does at its end."""
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "functions").write_text(DEV[: DEV.index("\ncommand=")])
    (folder / STAMPS).mkdir(parents=True)
    return folder


def run(folder: Path, command: str) -> str:
    """What it says."""
    done = subprocess.run(
        ["/bin/sh", "-c", f". ./functions\ncd {folder}\n{command}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def set_up(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "pip").write_text(f"#!{folder}/.venv/bin/python3\n")
    (folder / STAMPS / "packages-run").write_text("mosquitto")


def test_what_was_set_up_here_stays_however_often_it_is_asked_for(copy: Path) -> None:
    set_up(copy)

    assert [run(copy, "ensure_place") for _ in range(3)] == [""] * 3
    assert (copy / ".venv").exists()
    assert (copy / STAMPS / "packages-run").exists()


def test_a_copy_that_was_set_up_in_another_folder_is_set_up_anew(copy: Path, tmp_path: Path) -> None:
    set_up(copy)
    run(copy, "ensure_place")
    shutil.copytree(copy, moved := tmp_path / "moved")

    assert "was set up elsewhere" in run(moved, "ensure_place")
    assert not (moved / ".venv").exists()
    assert sorted(path.name for path in (moved / STAMPS).iterdir()) == ["place"]
    assert run(moved, "ensure_place") == ""


def test_a_copy_of_before_is_known_by_what_its_environment_names(copy: Path, tmp_path: Path) -> None:
    set_up(copy)
    shutil.copytree(copy, moved := tmp_path / "moved")

    assert "was set up elsewhere" in run(moved, "ensure_place")
    assert not (moved / ".venv").exists()


PACKAGES = """
missing_packages() { printf '%s ' "$@"; }
as_root() { :; }
has_package() { [ "$1" != unknown ]; }
taken() { [ "$1" = there ]; }
ensure_optional spare "others do" taken there """


def test_a_package_that_a_release_does_not_have_is_asked_for_once_and_done_without(copy: Path) -> None:
    command = PACKAGES + "unknown"

    assert run(copy, command).splitlines() == ["dev: installing there", "dev: this release has no unknown: others do"]
    assert run(copy, command) == ""


def test_a_package_that_cannot_be_installed_is_done_without_and_tried_again(copy: Path) -> None:
    command = PACKAGES + "broken"
    said = ["dev: installing there", "dev: installing broken", "dev: apt-get could not install broken: others do"]

    assert [run(copy, command).splitlines() for _ in range(2)] == [said, said]


PYTHONS = """
PATH="$PWD:$PATH"
printf '#!/bin/sh\\nexit 0\\n' >python3
chmod 755 python3
OWN_PYTHON="$PWD/own_python"
"""
OWN_SUITS = "printf '#!/bin/sh\\nexit 0\\n' >own_python\nchmod 755 own_python\n"
OWN_WITHOUT_VENV = """printf '#!/bin/sh\\ncase $* in *venv*) exit 1;; esac\\n' >own_python
chmod 755 own_python
"""


@pytest.mark.parametrize(
    ("own", "taken"),
    [(OWN_SUITS, "own_python"), (OWN_WITHOUT_VENV, "python3"), ("", "python3")],
    ids=["there", "without venv", "missing"],
)
def test_the_python_of_the_release_is_taken_where_it_can_make_an_environment(copy: Path, own: str, taken: str) -> None:
    assert run(copy, PYTHONS + own + "find_python >&2").strip() == str(copy / taken)
