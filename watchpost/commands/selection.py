"""Selects the node and the consumers that a command line names."""

from collections.abc import Sequence

from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.yaml_loader import ConfigError


def chosen_node(node: str | None, config: WatchpostConfig) -> str:
    nodes = list(config.devices_by_node())
    if node is None and len(nodes) == 1:
        return nodes[0]
    if node is None or node not in nodes:
        asked = f"there is no node '{node}'" if node else "give the node with --node"
        raise ConfigError(f"{asked}; the configuration has {', '.join(nodes) or 'none'}")
    return node


def chosen_consumers(
    named: Sequence[str], left_out: Sequence[str], known: Sequence[str], unshared: Sequence[str] = ()
) -> list[str]:
    """The named consumers, or all that are known, without those left out. Those in `unshared` share no process."""
    for name in [*named, *left_out]:
        if name not in (*known, *unshared):
            raise ConfigError(
                f"there is no consumer '{name}'; known are {', '.join(dict.fromkeys((*known, *unshared)))}"
            )
    chosen = [name for name in named or known if name not in left_out]
    if not chosen:
        raise ConfigError("no consumer is left to run")
    if len(chosen) > 1 and (first := next((name for name in chosen if name in unshared), None)):
        raise ConfigError(f"{first} runs in a process of its own: name no other consumer with it")
    return chosen
