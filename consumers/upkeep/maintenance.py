"""Maintenance of views by name: rebuilds one, whole or in part."""

from contextlib import closing

from bus_schemas.event import HUB, iso, place
from consumers.engine.consumer_set import ConsumerRegistry
from consumers.engine.follower import ConsumerContext
from consumers.engine.projection import Projection
from consumers.engine.rebuild.part import NotInPart, PartReport, WholeOnly, rebuild_part
from consumers.engine.rebuild.request import RebuildReport, RebuildRequest
from consumers.engine.rebuild.time_range import TimeRange
from consumers.engine.rebuild.whole import Progress, rebuild
from consumers.engine.view_files import NoView, file_of
from consumers.hub_config import HubConfig
from consumers.store.journal.configured import journal_of
from producer.ids import Clock, utc_now


def rebuild_view(
    consumers: ConsumerRegistry,
    name: str,
    progress: Progress,
    request: RebuildRequest | None = None,
    clock: Clock = utc_now,
) -> RebuildReport | None:
    """Beside the running consumer, and in its place at the end.

    Raises `UnknownConsumer`, `NotAView`, `NoView`, `AlreadyRebuilding`, `DaysWereDropped` or `WouldLose`.
    """
    hub, projection = consumers.hub, consumers.projection(name)
    if file_of(hub.data, name) is None:
        raise NoView(f"the consumer {name!r} has no view yet")
    with closing(journal_of(hub).reader()) as journal:
        return rebuild(projection, ConsumerContext(hub.data, journal, clock), progress, request)


def rebuild_view_part(
    consumers: ConsumerRegistry, name: str, wanted: TimeRange, progress: Progress, clock: Clock = utc_now
) -> PartReport:
    """Beside the running consumer.

    Raises `UnknownConsumer`, `NotAView`, `NoView`, `NotInPart` or `AlreadyRebuilding`.
    """
    hub, projection = consumers.hub, consumers.projection(name)
    _require_site(hub, wanted.site)
    with closing(journal_of(hub).reader()) as journal:
        try:
            return rebuild_part(projection, ConsumerContext(hub.data, journal, clock), wanted, progress)
        except WholeOnly as error:
            others = ", ".join(views_in_parts(consumers))
            raise WholeOnly(f"{error}. Views that can be are {others}") from error


def _require_site(hub: HubConfig, site: str) -> None:
    """Raises `NotInPart`."""
    with closing(journal_of(hub).questions()) as journal:
        known = {place(stream.source)[0] for stream in journal.streams()}
    if site not in known:
        raise NotInPart(f"nothing was ever received of a site {site!r}; there are {', '.join(sorted(known - {HUB}))}")


def views_in_parts(consumers: ConsumerRegistry) -> list[str]:
    """Those of which a site and a time range can be folded by itself."""
    return sorted(one.name for one in consumers.projections() if type(one).part is not Projection.part)


def fold_again(consumers: ConsumerRegistry, name: str, request: RebuildRequest, progress: Progress) -> str:
    """Rebuild as `rebuild_view` or `rebuild_view_part` does. Returns a sentence that says what was done."""
    if request.part is not None:
        done = rebuild_view_part(consumers, name, request.part, progress)
        since, until = iso(done.part.since), iso(done.part.until)
        return f"{name} is folded again for {request.part.site} from {since} to {until}: {done.rows:,} rows"
    rebuild_view(consumers, name, progress, request)
    return f"{name} is folded again"


def views_there(consumers: ConsumerRegistry) -> list[str]:
    """The views that are folded so far, in the order of the registry."""
    return [one.name for one in consumers.projections() if file_of(consumers.hub.data, one.name) is not None]


def views_missing(consumers: ConsumerRegistry) -> list[str]:
    """Those that are not."""
    return [one.name for one in consumers.projections() if file_of(consumers.hub.data, one.name) is None]
