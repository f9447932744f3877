"""Verifies the data directory of a benchmark as `watchpost verify` does, the parts in as many processes as cores."""

import os
import sys
from pathlib import Path

from consumers.registry import consumer_registry
from consumers.upkeep.maintenance import views_there
from consumers.upkeep.verify.run import JOURNAL, check
from tests.bench import day


def main(data: Path) -> None:
    """Its pictures were never there: references to them are none of what is measured."""
    hub = day.hub(data)
    known = consumer_registry(hub)
    parts = (JOURNAL, *views_there(known), *known.owners)
    for found in check(parts, hub, lambda part, done, of: None, at_once=os.cpu_count() or 1):
        assert not found.count, (found.part, found.faults)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
