"""The SQL dialects of ClickHouse releases, so that one schema serves all of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """Types and abilities. `moments_per_second` is the resolution in which a moment is stored."""

    moment: str
    word: str
    moments_per_second: int
    expires: bool
    projections: bool
    limits_partitions: bool


CURRENT = Dialect(
    moment="DateTime64(3, 'UTC')",
    word="LowCardinality(String)",
    moments_per_second=1000,
    expires=True,
    projections=True,
    limits_partitions=True,
)

# Before 20.4 there was no DateTime64, before 21.x no projection; a block could have rows of any number of months.
BEFORE_2020 = Dialect(
    moment="DateTime('UTC')",
    word="String",
    moments_per_second=1,
    expires=False,
    projections=False,
    limits_partitions=False,
)


def of_version(major: int) -> Dialect:
    """The dialect of a server by the year in its version. Those of 2020 and 2021 are treated as old: they vary."""
    return CURRENT if major >= 22 else BEFORE_2020
