"""What a scenario is: what it does to a rig, and what it may leave behind."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tests.faults.rig import Rig, Setup

Act = Callable[[Rig], None]


@dataclass(frozen=True)
class Scenario:
    """`causes` are of the gaps that it may leave behind; `rejected` how many messages it has refused."""

    act: Act
    setup: Setup = field(default_factory=Setup)
    quick: bool = False
    full: bool = False
    """Too long for a round of all; runs where it is named."""
    causes: Collection[str] = ()
    rejected: Collection[int] = (0,)
    keeps_foreign: bool = True
    may_end: Collection[str] = ()
    """Parts that the fault may end by themselves; a supervisor starts them again."""
