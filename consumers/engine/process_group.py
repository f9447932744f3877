"""The groups of consumers that share a process where all of the hub runs on one machine."""

from enum import StrEnum


class ProcessGroup(StrEnum):
    """Each consumer says to which group it belongs."""

    URGENT = "urgent"
    """Must be delayed by nothing: alerts, the registry, without which the page shows no device, and agents."""
    BATCH = "batch"
    """May lag a second."""
    PICTURES = "pictures"
    """Decodes pictures, and so would delay others."""
    SERVED = "served"
    """Writes a store on a server, where the hub has one. Each runs by itself."""
