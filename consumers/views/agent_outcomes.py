"""Answers what became of each version of the configuration of an agent."""

import sqlite3
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an agent has taken a version, when it last said so (seconds since 1970), and why it has not."""

    state: Literal["applied", "refused"]
    at: float
    reason: str | None


def outcomes(view: sqlite3.Connection, node: str) -> dict[int, Outcome]:
    """By version, also of machines that were this agent before; of one that is not in it nobody has said anything."""
    rows = view.execute(
        "select version, state, at, reason from agent_events where node = ? and state in ('applied', 'refused')"
        " and version is not null order by position",
        (node,),
    )
    return {version: Outcome(state, at, reason) for version, state, at, reason in rows}
