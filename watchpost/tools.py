"""The body of each command that works on the log; imports what it needs only when it runs."""

import sys
from collections.abc import Sequence

import typer

from watchpost.progress import Bar
from watchpost.refused import Refused
from watchpost.runtime import Runtime


def verify(runtime: Runtime, names: Sequence[str], *, deep: bool) -> bool:
    """Whether everything is as it should be."""
    from consumers.check.run import NothingThere, check
    from consumers.maintenance import NotAView
    from consumers.runner import UnknownConsumer
    from consumers.views import NoView
    from watchpost.hubs import hub

    bars: dict[str, Bar] = {}

    def progress(part: str, done: int, of: int) -> None:
        bars.setdefault(part, Bar(part, sys.stderr))(done, of)

    whole = True
    try:
        for found in check(names, hub(runtime.config, runtime.data), progress, deep=deep):
            if found.part in bars:
                bars[found.part].end()
            for line in (*found.notes, *(f"DIFFERS: {fault}" for fault in found.faults)):
                typer.echo(f"{found.part}: {line}")
            if found.untold:
                typer.echo(f"{found.part}: DIFFERS: and {found.untold:,} more")
            whole = whole and not found.count
    except (NothingThere, UnknownConsumer, NotAView, NoView) as error:
        raise Refused(str(error)) from error
    typer.echo("everything is as it should be" if whole else "something differs")
    return whole


def rebuild(runtime: Runtime, name: str, given: Sequence[str]) -> None:
    """Ctrl-C leaves the old view where it is."""
    from consumers.maintenance import NotAView, rebuild_view
    from consumers.rebuild import AlreadyRebuilding
    from consumers.runner import UnknownConsumer
    from consumers.views import NoView
    from watchpost.hubs import hub

    if given:
        raise Refused(
            f"{name} cannot be folded in part: what it says of one time depends on what came before."
            f" Leave out {' and '.join(given)}, and it is folded from the beginning"
        )
    if name == "warehouse":
        raise Refused("the rows belong to the gateway: POST /api/v1/consumers/warehouse/rebuild folds them again")
    bar = Bar(name, sys.stderr)
    try:
        rebuild_view(name, hub(runtime.config, runtime.data), bar)
    except (UnknownConsumer, NotAView, NoView, AlreadyRebuilding) as error:
        raise Refused(str(error)) from error
    except KeyboardInterrupt:
        bar.end()
        raise Refused(f"interrupted; the view {name} is as it was") from None
    bar.end()
    typer.echo(f"{name} is folded again")
