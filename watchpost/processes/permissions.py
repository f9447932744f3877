"""Restricts the data directory to its owner: directories 0700, files 0600."""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

PRIVATE_UMASK = 0o077
OTHERS = 0o077
OURS = (
    "agent", "agents", "archive", "broker", "enrolment", "journal", "logs", "outbox", "run", "tiles", "trials", "views",
    "warehouse",
)  # fmt: skip
MARKS = (
    "journal/????-??-??.sqlite", "archive/index.sqlite", "outbox/*.sqlite", "views/*.sqlite", "enrolment/identity.json",
    "logs/watchpost.log",
)  # fmt: skip
"""Files of ours alone: a directory that was named by mistake, such as `/`, has a `run` or `logs` of others."""

log = structlog.get_logger()


def keep_to_the_owner(data: Path) -> None:
    """Make new files private to the owner, and tighten those of an earlier version."""
    os.umask(PRIVATE_UMASK)
    try:
        mode = data.stat().st_mode
    except OSError:
        return
    if not mode & OTHERS or not _is_ours(data):
        return
    with suppress(OSError):
        data.chmod(stat.S_IMODE(mode) & ~OTHERS)
        count = sum(map(_tighten, _paths(data)))
        log.warning("others could read the data directory; it is its owner's alone now", data=str(data), paths=count)


def _is_ours(data: Path) -> bool:
    with suppress(OSError):
        return any(next(data.glob(mark), None) is not None for mark in MARKS)
    return False


def _paths(data: Path) -> Iterator[Path]:
    yield from (path for path in data.iterdir() if path.is_file())
    for name in OURS:
        if (data / name).is_dir():
            yield data / name
            for folder, folders, files in os.walk(data / name):
                yield from (Path(folder, each) for each in (*folders, *files))


def _tighten(path: Path) -> bool:
    """Whether others had access. A path that is gone needs nothing."""
    with suppress(OSError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
            return True
    return False


def become_the_owner(data: Path) -> None:
    """Run as the owner of the data directory, so that root leaves no files that the owner cannot write."""
    if os.geteuid() != 0 or not data.exists():
        return
    owner = data.stat()
    if owner.st_uid == 0:
        return
    with suppress(KeyError):
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def give_to_the_owner(data: Path) -> None:
    """Files that root has put into the data directory of another become that one's, who could not open them."""
    if os.geteuid() != 0 or not data.exists():
        return
    owner = data.stat()
    if owner.st_uid == 0:
        return
    # By descriptors: the owner could put a link in the place of a folder meanwhile.
    for _, folders, files, place in os.fwalk(data):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                if os.stat(name, dir_fd=place, follow_symlinks=False).st_uid == 0:
                    os.chown(name, owner.st_uid, owner.st_gid, dir_fd=place, follow_symlinks=False)
