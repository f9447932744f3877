"""Whether views equal the fold of the journal, all of them at one moment."""

from collections.abc import Sequence
from contextlib import closing

from consumers.engine.consumer_set import ConsumerRegistry
from consumers.engine.follower import ConsumerContext
from consumers.engine.rebuild.compare import Difference, verify
from consumers.store.journal.configured import journal_of
from consumers.upkeep.maintenance import views_there
from producer.ids import Clock, utc_now


def verify_views(
    names: Sequence[str], consumers: ConsumerRegistry, clock: Clock = utc_now
) -> dict[str, list[Difference]]:
    """The differences of each, of all views that there are where none is named.

    Raises `UnknownConsumer`, `NotAView` or `NoView`.
    """
    hub, chosen = consumers.hub, names or views_there(consumers)
    with closing(journal_of(hub).reader()) as journal:
        context = ConsumerContext(hub.data, journal, clock)
        return {name: verify(consumers.projection(name), context) for name in chosen}
