"""Makes the consumers of one hub by name."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from consumers.engine.projection import Projection
from consumers.engine.rebuild.retention_floor import undeclared_tables
from consumers.engine.sink import Sink
from consumers.engine.store_owner import StoreOwner
from consumers.hub_config import HubConfig

Build = Callable[[HubConfig], Projection | Sink]


class UnknownConsumer(ValueError):
    """There is no consumer of this name."""


class NotAView(ValueError):
    """A sink cannot be rebuilt, because other systems have its effects already; a store is rebuilt by its owner."""


class NoRetentionFloor(TypeError):
    """A projection does not say what becomes of its rows when the oldest days of the journal are dropped."""

    def __init__(self, projection: type[Projection], tables: Sequence[str]) -> None:
        super().__init__(
            f"{projection.__name__} does not say what becomes of the rows of {', '.join(tables)} when days of the "
            "journal are dropped: name each table in before_floor, history or recent "
            "(consumers/engine/rebuild/policy.py)"
        )


@dataclass(frozen=True, slots=True)
class Registration:
    """A consumer, and how it is made of the configuration; `build` is left out where it needs none of it.

    Raises `NoRetentionFloor`.
    """

    consumer: type[Projection | Sink]
    build: Build | None = None

    def __post_init__(self) -> None:
        if issubclass(self.consumer, Projection) and (tables := undeclared_tables(self.consumer)):
            raise NoRetentionFloor(self.consumer, tables)

    def __call__(self, hub: HubConfig) -> Projection | Sink:
        return self.consumer() if self.build is None else self.build(hub)


@dataclass(frozen=True, slots=True)
class ConsumerRegistry:
    """The factories of all consumers by name, the most urgent first, and the configuration that they are given."""

    builds: Mapping[str, Build]
    hub: HubConfig
    owners: Mapping[str, type[StoreOwner]] = field(default_factory=dict)
    """The consumers that have a store and no view."""

    def __iter__(self) -> Iterator[str]:
        return iter(self.builds)

    def by_urgency(self, names: Collection[str]) -> list[str]:
        """These, or all where none is named. Raises as `make` does."""
        for name in names:
            self._build(name)
        return [name for name in self if not names or name in names]

    def make(self, name: str) -> Projection | Sink:
        """Raises `UnknownConsumer`, or `NotAView` for one with a store."""
        return self._build(name)(self.hub)

    def _build(self, name: str) -> Build:
        try:
            return self.builds[name]
        except KeyError:
            if name in self.owners:
                raise NotAView(
                    f"{name} cannot be folded from here, nor in part: its store is replaced as a whole, by the process"
                    f" that has it open (POST /api/v1/consumers/{name}/rebuild)"
                ) from None
            there = ", ".join(sorted(self.builds))
            raise UnknownConsumer(f"there is no consumer {name!r}; there are {there}") from None

    def projection(self, name: str) -> Projection:
        """Raises `UnknownConsumer` or `NotAView`."""
        made = self.make(name)
        if not isinstance(made, Projection):
            made.close()
            raise NotAView(f"{name!r} is a sink: what it has handed on cannot be folded again")
        return made

    def store_owners(self) -> Iterator[StoreOwner]:
        return (owner(self.hub) for owner in self.owners.values())

    def projections(self) -> Iterator[Projection]:
        """Each of them, without the sinks."""
        for name in self:
            made = self.make(name)
            if isinstance(made, Projection):
                yield made
            else:
                made.close()
