"""What a command was asked and cannot do; the message says why, and what to do instead."""


class Refused(RuntimeError):
    """Ends the command with its sentence and code 2."""
