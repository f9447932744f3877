"""Checks the parts of a data directory that are asked for, one after the other."""

from collections.abc import Callable, Iterator, Sequence

from consumers.check.bodies import check_bodies
from consumers.check.findings import Findings
from consumers.check.folds import check_view, views_there
from consumers.check.media import check_media
from consumers.check.rows import PART as ROWS
from consumers.check.rows import check_rows
from consumers.check.streams import check_streams
from consumers.hub import Clock, Hub
from consumers.journal.configured import journal_of
from consumers.rebuild import Progress
from consumers.runner import UnknownConsumer, utc_now

JOURNAL, MEDIA = "journal", "media"

OnProgress = Callable[[str, int, int], None]
"""Told of which part how many positions are done, of how many."""


class NothingThere(LookupError):
    """The data directory has no journal."""


def check(
    names: Sequence[str], hub: Hub, on_progress: OnProgress, *, deep: bool = False, clock: Clock = utc_now
) -> Iterator[Findings]:
    """What was found, part by part: `journal`, `media`, `warehouse` and each view; all where none is named.

    Raises `NothingThere`, `UnknownConsumer`, `NotAView` or `NoView`.
    """
    journal = journal_of(hub)
    if not journal.exists():
        raise NothingThere(f"there is no journal in {journal.name}")
    for name in names or (JOURNAL, MEDIA, *views_there(hub), ROWS):

        def progress(done: int, of: int, part: str = name) -> None:
            on_progress(part, done, of)

        match name:
            case "journal":
                yield check_streams(journal)
                if deep:
                    yield check_bodies(journal)
            case "media":
                yield check_media(journal, hub.data / "archive", deep=deep)
            case "warehouse":
                yield check_rows(hub, progress)
            case _:
                yield _view(name, hub, clock, progress)


def _view(name: str, hub: Hub, clock: Clock, progress: Progress) -> Findings:
    try:
        return check_view(name, hub, clock, progress)
    except UnknownConsumer as unknown:
        raise UnknownConsumer(f"{unknown}; besides {JOURNAL}, {MEDIA} and {ROWS}") from None
