"""The findings of a check: what it verified, and what is wrong."""

from dataclasses import dataclass, field

SHOWN = 20
"""Faults that are listed one by one; of the others only how many there are."""


@dataclass(slots=True)
class Findings:
    """The result of one part of the data: `notes` sum up what was proved, `faults` say what differs, some in words.

    `uncompared` says why nothing, or not enough, of the part could be looked at. `left_out` is what nobody can compare
    any more, because retention took away what it was made of.
    """

    part: str
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    uncompared: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    count: int = 0

    def note(self, text: str) -> None:
        self.notes.append(text)

    def leave_out(self, text: str) -> None:
        self.left_out.append(text)

    def not_compared(self, text: str) -> None:
        self.uncompared.append(text)

    def fault(self, text: str) -> None:
        self.count += 1
        if len(self.faults) < SHOWN:
            self.faults.append(text)

    @property
    def unlisted(self) -> int:
        return self.count - len(self.faults)


def span(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}…{last:,}"
