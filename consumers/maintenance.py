"""What people do with views by name: fold one again, or prove that it equals the fold of the journal."""

from collections.abc import Sequence
from contextlib import closing

from consumers.follow import Source
from consumers.hub import Clock, Hub
from consumers.journal.configured import journal_of
from consumers.projection import Projection
from consumers.rebuild import Difference, Progress, rebuild, verify
from consumers.registry import CONSUMERS
from consumers.runner import make, utc_now
from consumers.views import NoView, file_of


class NotAView(ValueError):
    """A sink has told others; it is not folded again."""


def projection_of(name: str, hub: Hub) -> Projection:
    """Raises `UnknownConsumer` or `NotAView`."""
    made = make(name, hub)
    if not isinstance(made, Projection):
        made.close()
        raise NotAView(f"{name!r} is a sink: what it has handed on cannot be folded again")
    return made


def rebuild_view(name: str, hub: Hub, progress: Progress, clock: Clock = utc_now) -> None:
    """Beside the running consumer, and in its place at the end. Raises `UnknownConsumer`, `NotAView` or `NoView`."""
    projection = projection_of(name, hub)
    if file_of(hub.data, name) is None:
        raise NoView(f"the consumer {name!r} has no view yet")
    with closing(journal_of(hub).reader()) as journal:
        rebuild(projection, Source(hub.data, journal, clock), progress)


def verify_views(names: Sequence[str], hub: Hub, clock: Clock = utc_now) -> dict[str, list[Difference]]:
    """The differences of each, of all views that there are where none is named.

    Raises `UnknownConsumer`, `NotAView` or `NoView`.
    """
    chosen = names or [
        name for name in CONSUMERS if isinstance(make(name, hub), Projection) and file_of(hub.data, name) is not None
    ]
    with closing(journal_of(hub).reader()) as journal:
        source = Source(hub.data, journal, clock)
        return {name: verify(projection_of(name, hub), source) for name in chosen}
