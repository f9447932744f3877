"""Reads a secret from its file again and again, so that one that is changed there needs no restart."""

from pathlib import Path


def current_secret(file: Path | None, at_start: str | None, most_bytes: int) -> str | None:
    """The secret in the file, or that of the start where there is no file, or it holds none or is being replaced."""
    if file is None:
        return at_start
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return at_start
    return found if 0 < len(found.encode()) <= most_bytes else at_start
