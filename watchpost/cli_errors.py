"""What a command was asked and cannot do; the message says why, and what to do instead."""

from typing import ClassVar


class CliError(RuntimeError):
    """Ends the command with its sentence and this exit code."""

    code: ClassVar[int] = 2


class IdentityInUse(CliError):
    """Somebody else is who we are to be."""

    code: ClassVar[int] = 3
