"""Whether the rows of a warehouse that was killed, folded on to the head, are those of a fold from the beginning."""

import json
from collections import Counter
from contextlib import closing
from pathlib import Path

from consumers.store.journal.reader import SqliteJournalReader
from tests.faults.parts import HubPlace


def compare(place: HubPlace, answer: Path) -> None:
    """In a process of its own: chDB belongs to one, and stays in it."""
    from consumers.store.clickhouse.embedded import EmbeddedEngine
    from consumers.views.warehouse.fold import Fold
    from consumers.views.warehouse.store import Generations, Store
    from consumers.views.warehouse.tables import TABLES

    def rows(store: Store) -> dict[str, Counter[str]]:
        engine.use(store.database)
        return {table.name: Counter(map(repr, engine.query(f"select * from {table.name}"))) for table in TABLES}

    def fold(store: Store) -> Fold:
        engine.use(store.database)
        folding = Fold(journal, store)
        begun.append(folding.position)
        while folding.advance():
            pass
        return folding

    begun: list[int] = []
    with (
        closing(SqliteJournalReader(place.data / "journal")) as journal,
        closing(EmbeddedEngine(place.data / "warehouse")) as engine,
    ):
        generations = Generations(engine, None)
        # As at the next start: it may have ended before it saw that the journal is another one.
        current, fresh = generations.of_journal(journal.journal_id(), journal.floor()), generations.next()
        fold(current)
        fold(fresh)
        one, two = rows(current), rows(fresh)
        differences = {name: [(one[name] - two[name]).total(), (two[name] - one[name]).total()] for name in one}
    counted = sum(counter.total() for counter in two.values())
    draft = answer.with_suffix(".draft")
    draft.write_text(json.dumps({"begun": begun[0], "rows": counted, "differences": differences}))
    draft.rename(answer)
