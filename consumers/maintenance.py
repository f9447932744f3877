"""What people do with views by name: fold one again, or prove that it equals the fold of the journal."""

from collections.abc import Sequence
from contextlib import closing

from bus_schemas.event import iso
from consumers.follow import Source
from consumers.hub import Clock, Hub
from consumers.journal.configured import journal_of
from consumers.projection import Projection
from consumers.rebuild import Difference, Progress, rebuild, verify
from consumers.rebuilding.part import Replaced, WholeOnly, rebuild_part
from consumers.rebuilding.stretch import Stretch
from consumers.rebuilding.wish import Rebuilt, Wish
from consumers.registry import CONSUMERS
from consumers.runner import make, utc_now
from consumers.sink import Sink
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


def rebuild_view(
    name: str, hub: Hub, progress: Progress, wish: Wish | None = None, clock: Clock = utc_now
) -> Rebuilt | None:
    """Beside the running consumer, and in its place at the end.

    Raises `UnknownConsumer`, `NotAView`, `NoView`, `AlreadyRebuilding`, `DaysWereDropped` or `WouldLose`.
    """
    projection = projection_of(name, hub)
    if file_of(hub.data, name) is None:
        raise NoView(f"the consumer {name!r} has no view yet")
    with closing(journal_of(hub).reader()) as journal:
        return rebuild(projection, Source(hub.data, journal, clock), progress, wish)


def rebuild_view_part(name: str, hub: Hub, wanted: Stretch, progress: Progress, clock: Clock = utc_now) -> Replaced:
    """Beside the running consumer.

    Raises `UnknownConsumer`, `NotAView`, `NoView`, `NotInPart` or `AlreadyRebuilding`.
    """
    projection = projection_of(name, hub)
    with closing(journal_of(hub).reader()) as journal:
        try:
            return rebuild_part(projection, Source(hub.data, journal, clock), wanted, progress)
        except WholeOnly as error:
            others = ", ".join(views_in_parts(hub))
            raise WholeOnly(f"{error}. Views that can be are {others}") from error


def views_in_parts(hub: Hub) -> list[str]:
    """Those of which a site and a stretch of time can be folded by itself."""
    return sorted(name for name in CONSUMERS if _goes_in_parts(name, hub))


def _goes_in_parts(name: str, hub: Hub) -> bool:
    made = make(name, hub)
    if isinstance(made, Sink):
        made.close()
        return False
    return type(made).part is not Projection.part


def fold_again(name: str, hub: Hub, wish: Wish, progress: Progress) -> str:
    """As `rebuild_view` or `rebuild_view_part`; in a sentence what was done."""
    if wish.part is not None:
        done = rebuild_view_part(name, hub, wish.part, progress)
        since, until = iso(done.part.since), iso(done.part.until)
        return f"{name} is folded again for {wish.part.site} from {since} to {until}: {done.rows:,} rows"
    rebuild_view(name, hub, progress, wish)
    return f"{name} is folded again"


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
