"""What a check says: what it looked at, and what is not as it should be."""

from dataclasses import dataclass, field

SHOWN = 20
"""Faults that are told one by one; of the others only how many there are."""


@dataclass(slots=True)
class Findings:
    """Of one part of the data: `notes` sum up what was proved, `faults` say what differs, the first ones in words."""

    part: str
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    count: int = 0

    def note(self, text: str) -> None:
        self.notes.append(text)

    def fault(self, text: str) -> None:
        self.count += 1
        if len(self.faults) < SHOWN:
            self.faults.append(text)

    @property
    def untold(self) -> int:
        return self.count - len(self.faults)


def span(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}…{last:,}"
