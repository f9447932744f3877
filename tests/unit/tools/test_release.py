"""A release is made whole or not at all."""

import subprocess
from datetime import date
from pathlib import Path

import pytest

from tools.release import NoRelease, dated, git, release, with_version
from watchpost import VERSION

DAY = date(2026, 1, 5)
CHANGELOG = """# Changelog

## [Unreleased]

### Upgrading
- Nothing has to be done.

### Added
- A thing.

## [0.1.0] - 2025-12-01
- The first one.
"""
PASSES, FAILS = ("true",), ("false",)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As this one is, as far as a release goes; the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "somebody")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "somebody@example.org")
    Path("CHANGELOG.md").write_text(CHANGELOG)
    Path("watchpost").mkdir()
    Path("watchpost/__init__.py").write_text('from typing import Final\n\nVERSION: Final = "0.1.0"\n')
    git("init", "--quiet", "--initial-branch", "main")
    git("add", ".")
    git("commit", "--quiet", "--message", "Begin")
    return tmp_path


def test_what_was_unreleased_is_dated_and_room_for_more_is_above_it() -> None:
    assert dated(CHANGELOG, "0.2.0", DAY) == CHANGELOG.replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2026-01-05\n"
    )


@pytest.mark.parametrize(
    ("changelog", "why"),
    [
        ("# Changelog\n", "says nothing under"),
        ("## [Unreleased]\n\n## [0.1.0] - 2025-12-01\n- The first one.\n", "says nothing under"),
        (CHANGELOG.replace("### Upgrading", "### Notes"), "has no '### Upgrading'"),
        ("## [Unreleased]\n- A thing.\n## [0.1.0] - 2025-12-01\n### Upgrading\n", "has no '### Upgrading'"),
    ],
)
def test_a_changelog_that_says_too_little_makes_no_release(changelog: str, why: str) -> None:
    with pytest.raises(NoRelease, match=why):
        dated(changelog, "0.2.0", DAY)


def test_the_real_changelog_and_version_can_be_released_or_have_just_been() -> None:
    root = Path(__file__).parents[3]
    changelog = (root / "CHANGELOG.md").read_text()

    if f"## [Unreleased]\n\n## [{VERSION}] - " not in changelog:
        assert "## [99.0.0] - 2026-01-05" in dated(changelog, "99.0.0", DAY)
    assert 'VERSION: Final = "99.0.0"' in with_version((root / "watchpost" / "__init__.py").read_text(), "99.0.0")


def test_a_release_is_a_commit_with_a_tag(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release("0.2.0", "0.1.0", DAY, PASSES)

    assert git("status", "--porcelain") == ""
    assert git("log", "-1", "--format=%s %D") == "Release 0.2.0 HEAD -> main, tag: v0.2.0\n"
    assert Path("watchpost/__init__.py").read_text().endswith('VERSION: Final = "0.2.0"\n')
    assert "## [0.2.0] - 2026-01-05\n" in Path("CHANGELOG.md").read_text()
    assert "git push --atomic origin HEAD v0.2.0" in capsys.readouterr().out


def test_red_tests_leave_everything_as_it_was(repository: Path) -> None:
    with pytest.raises(NoRelease, match="false failed"):
        release("0.2.0", "0.1.0", DAY, FAILS)

    assert (git("status", "--porcelain"), git("tag"), git("log", "--format=%s")) == ("", "", "Begin\n")


def test_a_change_that_is_in_no_commit_makes_no_release(repository: Path) -> None:
    Path("new.txt").write_text("new")

    with pytest.raises(NoRelease, match=r"in no commit:\n\?\? new\.txt"):
        release("0.2.0", "0.1.0", DAY, PASSES)


@pytest.mark.parametrize(
    ("version", "why"),
    [("0.1.0", "not newer than 0.1.0"), ("0.0.9", "not newer"), ("0.2", "no version"), ("v0.2.0", "no version")],
)
def test_a_version_is_three_numbers_and_newer(repository: Path, version: str, why: str) -> None:
    with pytest.raises(NoRelease, match=why):
        release(version, "0.1.0", DAY, PASSES)


def test_a_tag_is_made_once(repository: Path) -> None:
    subprocess.run(["git", "tag", "v0.2.0"], check=True)

    with pytest.raises(NoRelease, match=r"the tag v0\.2\.0 is there already"):
        release("0.2.0", "0.1.0", DAY, PASSES)
