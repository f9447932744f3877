"""Reads the lines of a text file that anybody may have written, and notes those that are of no use."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Final

LONGEST_LINE: Final = 262_144
MOST_CHARACTERS: Final = 1_000_000
"""A longer line is not part of a recording, and may never end."""
_KEPT: Final = 20


class BadLine(ValueError):
    """A line that is not a frame; the message says which and why."""


@dataclass(slots=True)
class BadLines:
    """The number of skipped lines, and the first of them."""

    count: int = 0
    first: list[BadLine] = field(default_factory=list)

    def add(self, bad: BadLine) -> None:
        self.count += 1
        if len(self.first) < _KEPT:
            self.first.append(bad)

    def __str__(self) -> str:
        others = f"; {self.count - 1} more lines are left out" if self.count > 1 else ""
        return f"{self.first[0]}{others}" if self.first else "no line is left out"


def until_endless(lines: Iterator[str | None], bad: BadLines) -> Iterator[str | None]:
    try:
        yield from lines
    except BadLine as endless:
        bad.add(endless)


def encoding_of(path: Path) -> str:
    """By its first bytes: a spreadsheet writes UTF-16 as "Unicode text". Raises `OSError`."""
    with path.open("rb") as file:
        mark = file.read(len(codecs.BOM_UTF16))
    return "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def bounded_lines(file: TextIOWrapper) -> Iterator[str | None]:
    """`None` for a line that is too long. Raises `BadLine` where a line does not end."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if line.endswith("\n") or len(line) < LONGEST_LINE:
            yield line.rstrip("\n")
        else:
            _skip_rest(file, number)
            yield None


def _skip_rest(file: TextIOWrapper, number: int) -> None:
    skipped = LONGEST_LINE
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
        skipped += len(rest)
        if skipped > MOST_CHARACTERS:
            raise BadLine(f"line {number} is longer than {MOST_CHARACTERS} characters; what follows it is not read")
