"""Checks the parts of a data directory that are asked for, one after the other."""

from collections.abc import Iterator, Sequence

from consumers.engine.consumer_set import UnknownConsumer
from consumers.engine.findings import Findings
from consumers.engine.process_group import ProcessGroup
from consumers.engine.rebuild.whole import Progress
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS, STORE_OWNERS, consumer_registry
from consumers.store.journal.configured import journal_of
from consumers.upkeep.maintenance import views_missing, views_there
from consumers.upkeep.verify.bodies import check_bodies
from consumers.upkeep.verify.folds import check_view
from consumers.upkeep.verify.media import check_media
from consumers.upkeep.verify.parallel import OnProgress, check_in_parallel
from consumers.upkeep.verify.speakers import PART as SPEAKERS
from consumers.upkeep.verify.speakers import check_speakers
from consumers.upkeep.verify.streams import check_streams
from producer.ids import Clock, utc_now

JOURNAL, BODIES, MEDIA = "journal", "bodies", "media"


class NothingThere(LookupError):
    """The data directory has no journal."""


def check(
    names: Sequence[str],
    hub: HubConfig,
    on_progress: OnProgress,
    *,
    deep: bool = False,
    clock: Clock = utc_now,
    at_once: int = 1,
) -> Iterator[Findings]:
    """Check part by part: `journal`, `speakers`, `media`, each view and each store; all where none is named.

    With `at_once` beyond 1 so many parts are checked at a time, each in a process of its own.
    Raises `NothingThere`, `UnknownConsumer`, `NotAView`, `NoView` or `CheckDied`.
    """
    journal = journal_of(hub)
    if not journal.exists():
        raise NothingThere(f"there is no journal in {journal.name}")
    known = consumer_registry(hub)
    asked = names or (JOURNAL, SPEAKERS, MEDIA, *views_there(known), *known.owners)
    parts = [part for name in asked for part in ((name, BODIES) if name == JOURNAL and deep else (name,))]

    def one(part: str, on_progress: OnProgress) -> Findings:
        return _check(part, hub, clock, deep, lambda done, of: on_progress(part, done, of))

    if at_once > 1 and len(parts) > 1:
        yield from check_in_parallel(parts, _longest_first(parts), one, on_progress, at_once)
    else:
        yield from (one(part, on_progress) for part in parts)
    if not names and (missing := views_missing(consumer_registry(hub))):
        absent = Findings("views")
        absent.leave_out(f"those that no consumer has folded yet: {', '.join(missing)}")
        yield absent


def _longest_first(parts: Sequence[str]) -> list[str]:
    """To draw every minute again takes as long as all others together."""
    draw = {name for name, known in CONSUMERS.items() if known.consumer.group is ProcessGroup.PICTURES}
    return sorted(parts, key=lambda part: part not in draw)


def _check(part: str, hub: HubConfig, clock: Clock, deep: bool, progress: Progress) -> Findings:
    journal = journal_of(hub)
    match part:
        case "journal":
            return check_streams(journal)
        case "bodies":
            return check_bodies(journal)
        case "speakers":
            return check_speakers(journal)
        case "media":
            return check_media(journal, hub.data / "archive", hub.cold, deep=deep)
    if part in STORE_OWNERS:
        return STORE_OWNERS[part](hub).check(progress)
    return _view(part, hub, clock, progress)


def _view(name: str, hub: HubConfig, clock: Clock, progress: Progress) -> Findings:
    try:
        return check_view(name, hub, clock, progress)
    except UnknownConsumer as unknown:
        others = f"{JOURNAL}, {SPEAKERS}, {MEDIA} and {', '.join(STORE_OWNERS)}"
        raise UnknownConsumer(f"{unknown}; besides {others}") from None
