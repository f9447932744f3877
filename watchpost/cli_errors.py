"""Errors that end a command with a sentence and an exit code."""

from typing import ClassVar


class CliError(RuntimeError):
    """Ends the command with its sentence and this exit code."""

    code: ClassVar[int] = 2


class IdentityInUse(CliError):
    """Another process has the identity of this one."""

    code: ClassVar[int] = 3
