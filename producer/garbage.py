"""How a process collects garbage."""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 100)
"""Of the three generations. By default the first is looked through after 700 objects."""


def spare_the_collector() -> None:
    """Call it after the imports: it exempts what is loaded from garbage collection.

    Folding and copying make many objects that live for a batch and no cycles; scanning all of them after every 700
    took half of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
