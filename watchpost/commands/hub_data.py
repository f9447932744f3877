"""Checks that a command finds the data of a hub, words what it cannot read, and says who asks."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from getpass import getuser
from pathlib import Path
from typing import Any

from producer.os_errors import describe_os_error
from watchpost.cli_errors import CliError
from watchpost.configuration.config import WatchpostConfig


def in_one_sentence(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that ends with a sentence where a file of the data directory, or another one, cannot be used."""

    @wraps(command)
    def run(*values: Any, **named: Any) -> Any:
        try:
            return command(*values, **named)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CliError(describe_os_error(error)) from error
        except sqlite3.Error as error:
            raise CliError(f"a file of the data directory cannot be read: {error}") from error

    return run


def require_hub(config: WatchpostConfig, data: Path) -> None:
    """Raises `CliError` where the directory is not that of a hub, or cannot be read."""
    hint = "name the data directory of a hub with --data"
    try:
        os.listdir(data)  # noqa: PTH208 - asked whether it can be listed
        if config.hub.journal.kind == "clickhouse":
            return
        _require_journal(data, hint)
    except FileNotFoundError as error:
        raise CliError(f"there is no directory {data}: {hint}") from error
    except NotADirectoryError as error:
        raise CliError(f"{error.filename} is no directory: {hint}") from error
    except OSError as error:
        raise CliError(f"{error.filename} cannot be read: {error.strerror}") from error


def _require_journal(data: Path, hint: str) -> None:
    """Raises `CliError` and `OSError`."""
    from consumers.store.journal.days import list_days, open_to_read

    journal = data / "journal"
    if journal.exists() or journal.is_symlink():
        os.listdir(journal)  # noqa: PTH208 - asked whether it can be listed
    days = list_days(journal)
    if not days:
        raise CliError(f"there is no journal in {data}: {hint}")
    try:
        with closing(open_to_read(days[-1].path)):
            pass
    except sqlite3.Error as error:
        raise CliError(f"{days[-1].path} cannot be read: {error}") from error


def user_name() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"


def plain(text: str) -> str:
    """A text of somebody else, without characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
