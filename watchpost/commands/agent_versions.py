"""Words the versions of an agent's configuration for a terminal, in the words of the page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from watchpost.commands.hub_data import plain


def version_lines(one: dict[str, Any], agent: dict[str, Any]) -> Iterator[str]:
    """`one` is a version as the gateway lists it, `agent` whose it is."""
    at = datetime.fromisoformat(one["time"])
    by = f" by {plain(one['by'])}" if one["by"] else ""
    yield f"Version {one['version']}  {at:%Y-%m-%d %H:%M:%S} UTC{by}: {_outcome(one, agent)}"
    if one["reason"]:
        yield f"  {plain(one['reason'])}"
    if (outcome := one["outcome"]) is not None and outcome["state"] == "refused":
        yield f"  not taken: {plain(outcome['reason'] or 'it gave no reason')}"
    if not one["changes"]:
        yield "    as the version before"
    yield from (f"    {_change(change)}" for change in one["changes"])
    if one["changes_left_out"]:
        yield f"    and {one['changes_left_out']} more"


def _outcome(one: dict[str, Any], agent: dict[str, Any]) -> str:
    running, wanted = ((agent[name] or {}).get("version") for name in ("in_force", "wanted"))
    if one["version"] == running:
        return "in force"
    if one["outcome"] is not None:
        return "not taken" if one["outcome"]["state"] == "refused" else "was in force"
    return "on its way" if one["version"] == wanted else "never ran"


def _change(change: dict[str, Any]) -> str:
    path, before, after = (None if change[key] is None else plain(change[key]) for key in ("path", "before", "after"))
    if before is None:
        return f"{path}: {after}, new"
    return f"{path}: {before}, gone" if after is None else f"{path}: {before} -> {after}"
