"""Which node and which consumers a command line means."""

from collections.abc import Sequence

from watchpost.config import Chdb, WatchpostConfig
from watchpost.located import ConfigError

WAREHOUSE = "warehouse"


def chosen_node(node: str | None, config: WatchpostConfig) -> str:
    nodes = list(config.nodes())
    if node is None and len(nodes) == 1:
        return nodes[0]
    if node is None or node not in nodes:
        asked = f"there is no node '{node}'" if node else "say which node with --node"
        raise ConfigError(f"{asked}; the configuration has {', '.join(nodes) or 'none'}")
    return node


def chosen_consumers(
    named: Sequence[str], left_out: Sequence[str], known: Sequence[str], config: WatchpostConfig
) -> list[str]:
    """Those named, or all; without those left out, and without the one that the gateway runs itself."""
    for name in [*named, *left_out]:
        if name not in known:
            raise ConfigError(f"there is no consumer '{name}'; known are {', '.join(known)}")
    # chDB's files belong to one process, and the gateway asks them questions.
    inside = {WAREHOUSE} if isinstance(config.hub.warehouse, Chdb) else set()
    for name in inside.intersection(named):
        raise ConfigError(
            f"'{name}' runs inside the gateway as long as hub.warehouse is chdb; use clickhouse to run it apart"
        )
    return [name for name in named or known if name not in left_out and name not in inside]
