"""The registered consumers: their kind and shape, without running them."""

from dataclasses import dataclass
from typing import Literal

from consumers.engine.shape import Shape, shape_of
from consumers.engine.sink import Sink
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS

Kind = Literal["projection", "sink"]


@dataclass(frozen=True, slots=True)
class ConsumerInfo:
    """The kind and shape of a registered consumer."""

    name: str
    kind: Kind
    shape: Shape

    @property
    def version(self) -> int:
        return self.shape.version


def consumer_infos(hub: HubConfig) -> tuple[ConsumerInfo, ...]:
    """Every registered consumer."""
    found = []
    for name, make in CONSUMERS.items():
        made = make(hub)
        found.append(ConsumerInfo(name, "sink" if isinstance(made, Sink) else "projection", shape_of(made)))
        if isinstance(made, Sink):
            made.close()
    return tuple(found)
