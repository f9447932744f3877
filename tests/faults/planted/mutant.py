"""One deliberate bug, and the tests of which one must notice it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """In `file`, `old` (which is there once) becomes `new`; one of `tests` must fail then."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
