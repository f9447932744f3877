"""The registered consumers: their kind and shape, without running them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from consumers.alerting.notify.sink import NotifierSink
from consumers.engine.shape import Shape, shape_of
from consumers.engine.sink import Sink
from consumers.engine.store_owner import StoreOwner
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS, consumer_registry

Kind = Literal["projection", "sink"]


@dataclass(frozen=True, slots=True)
class ConsumerInfo:
    """The kind and shape of a registered consumer. One with a store of its own has an `owner`, and no shape."""

    name: str
    kind: Kind
    version: int
    shape: Shape | None = None
    owner: StoreOwner | None = None
    has_receivers: bool = False


def consumer_infos(hub: HubConfig) -> tuple[ConsumerInfo, ...]:
    """Every registered consumer."""
    return (*_with_files(hub), *_with_stores(hub))


def _with_files(hub: HubConfig) -> Iterator[ConsumerInfo]:
    for name, make in CONSUMERS.items():
        made = make(hub)
        kind: Kind = "sink" if isinstance(made, Sink) else "projection"
        receives = isinstance(made, NotifierSink)
        yield ConsumerInfo(name, kind, made.version, shape_of(made), has_receivers=receives)
        if isinstance(made, Sink):
            made.close()


def _with_stores(hub: HubConfig) -> Iterator[ConsumerInfo]:
    for owner in consumer_registry(hub).store_owners():
        yield ConsumerInfo(owner.name, "projection", owner.version, owner=owner)
