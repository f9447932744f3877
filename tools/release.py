"""Makes a release: a dated section of CHANGELOG.md, the version, a commit and a tag. Nothing is pushed."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from watchpost import VERSION

CHANGELOG = Path("CHANGELOG.md")
VERSION_FILE = Path("watchpost/__init__.py")
TESTS = ("./dev", "test", "quick")

_NUMBER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_UNRELEASED = "## [Unreleased]\n"
_UPGRADING = "### Upgrading\n"


class NoRelease(ValueError):
    """Something is not as a release has to be; the message says what."""


def numbers(version: str) -> tuple[int, ...]:
    """Raises `NoRelease`."""
    if _NUMBER.fullmatch(version) is None:
        raise NoRelease(f"{version!r} is no version: three numbers, such as 0.2.0")
    return tuple(map(int, version.split(".")))


def dated(changelog: str, version: str, day: date) -> str:
    """The changelog in which what was unreleased is this version. Raises `NoRelease`."""
    head, found, rest = changelog.partition(_UNRELEASED)
    entries = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    if not found or not re.search(r"^- ", entries, re.MULTILINE):
        raise NoRelease(f"{CHANGELOG} says nothing under {_UNRELEASED.strip()!r}")
    if _UPGRADING not in entries:
        raise NoRelease(
            f"{CHANGELOG} has no {_UPGRADING.strip()!r} under {_UNRELEASED.strip()!r}: what has to be done?"
        )
    return f"{head}{_UNRELEASED}\n## [{version}] - {day.isoformat()}\n{rest}"


def with_version(module: str, version: str) -> str:
    """The module that holds the version, with this one."""
    changed, count = re.subn(r'(?m)^(VERSION: Final = )".*"$', rf'\g<1>"{version}"', module)
    if count != 1:
        raise NoRelease(f"{VERSION_FILE} has {count} lines that say the version")
    return changed


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def check(version: str, now: str) -> None:
    """Raises `NoRelease` where this version cannot be made from what is checked out."""
    if numbers(version) <= numbers(now):
        raise NoRelease(f"{version} is not newer than {now}")
    if changed := git("status", "--porcelain"):
        raise NoRelease(f"there are changes that are in no commit:\n{changed.rstrip()}")
    if git("tag", "--list", f"v{version}"):
        raise NoRelease(f"the tag v{version} is there already")


def release(
    version: str, now: str, day: date, tests: Sequence[str] = TESTS, say: Callable[[str], None] = print
) -> None:
    """In the repository of the working directory; leaves everything as it was where it raises `NoRelease`."""
    check(version, now)
    written = {CHANGELOG: dated(CHANGELOG.read_text(), version, day)}
    written[VERSION_FILE] = with_version(VERSION_FILE.read_text(), version)
    for path, text in written.items():
        path.write_text(text)
    # With the new version, because some of what is tested names it.
    if subprocess.run(tests, check=False).returncode != 0:
        git("checkout", "--", *map(str, written))
        raise NoRelease(f"{' '.join(tests)} failed")
    git("commit", "--quiet", "--message", f"Release {version}", *map(str, written))
    git("tag", "--annotate", "--message", f"Watchpost {version}", f"v{version}")
    say(f"{version} is the commit {git('rev-parse', '--short', 'HEAD').strip()} with the tag v{version}.")
    say(f"Publish both: git push --atomic origin HEAD v{version}")


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: ./dev release VERSION\n")
        return 2
    try:
        release(arguments[0], VERSION, datetime.now(UTC).date())
    except NoRelease as error:
        sys.stderr.write(f"dev: no release: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
