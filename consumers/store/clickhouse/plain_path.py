"""Gives the directory of chDB a name without the characters that begin the arguments of a session."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

_ARGUMENT_MARKS = frozenset("?&")


def plain_path(directory: Path) -> Path:
    """The directory itself, or a link to it in a folder of our own: always the same one, because all sessions of a
    process have to name one directory alike. Raises `OSError`.
    """
    if not _ARGUMENT_MARKS & set(str(directory)):
        return directory
    link = _own_folder() / sha256(os.fsencode(directory)).hexdigest()[:32]
    if not link.is_symlink() or link.readlink() != directory:
        draft = link.with_suffix(f".{os.getpid()}")
        draft.unlink(missing_ok=True)
        draft.symlink_to(directory, target_is_directory=True)
        draft.replace(link)
    return link


def _own_folder() -> Path:
    """Where nobody else can put a link."""
    folder = Path(tempfile.gettempdir()) / f"watchpost-links-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise PermissionError(f"{folder} is not of this user alone")
    return folder
