"""Says how a process ended."""

import signal


def described(code: int) -> str:
    """By its return code, as Python has it. The signals of the real time have no names of their own, but for two."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
