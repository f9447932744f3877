"""The fold of a journal into one store of rows, block by block."""

from collections.abc import Sequence
from datetime import UTC, datetime

from consumers.engine import set_aside
from consumers.engine.folding import is_the_machines
from consumers.engine.follower import STOPS_AFTER
from consumers.engine.set_aside import SetAsideEvent
from consumers.store.clickhouse.engine import Columns
from consumers.store.journal.record import JournalReader, Recorded
from consumers.views.warehouse import rows
from consumers.views.warehouse.rows import Gathering
from consumers.views.warehouse.store import Store
from consumers.views.warehouse.tables import CAMERA_EVENTS

BLOCK = 10_000
PAGE = 1000
# An engine cuts an insert into blocks at a million rows, and an event in two; far from it, for a page comes whole.
LARGEST = 250_000


class Unfoldable(RuntimeError):
    """The fold fails on everything that there is: a bug of ours, and no reason to pass over all of it."""

    def __init__(self, first: SetAsideEvent) -> None:
        super().__init__(f"event {first.event_id} at position {first.position}: {first.error}")


class Fold:
    """`position` is the last one that was looked at; the checkpoint may be behind it by events of other kinds."""

    def __init__(self, journal: JournalReader, store: Store, save_every: int = BLOCK) -> None:
        self.position = store.recover()
        self.counted: Columns | None = None
        """The rows of cameras that the last `advance` inserted."""
        self.set_aside: list[SetAsideEvent] = []
        """The events that the last `advance` could not fold."""
        self._journal_id = journal.journal_id()
        self._journal = journal
        self._store = store
        self._save_every = save_every

    @property
    def journal_id(self) -> int:
        """The id of the journal that is folded."""
        return self._journal_id

    @property
    def lag(self) -> int:
        return max(0, self._journal.head() - self.position)

    def is_of_another_journal(self) -> bool:
        """Whether the journal was lost and begun again meanwhile: then the rows are to be folded anew."""
        journal_id = self._journal.journal_id()
        self._journal_id = self._journal_id or journal_id
        return journal_id not in (0, self._journal_id)

    def advance(self) -> int:
        """Take in the next block; by how many positions it went on.

        Raises `Unfoldable` or `EngineError`; the fold is then of no use any more.
        """
        gathering = Gathering()
        self.set_aside, self.counted = [], None
        upto = self._gather(gathering)
        moved = upto - self.position
        if gathering.blocks:
            self.counted = self._store.append(gathering.blocks, upto).get(CAMERA_EVENTS)
        elif upto - self._store.saved >= self._save_every:
            self._store.save(upto)
        self.position = upto
        return moved

    def save(self) -> None:
        """Set the checkpoint to where the fold is."""
        if self.position > self._store.saved:
            self._store.save(self.position)

    def _gather(self, gathering: Gathering) -> int:
        """A page at a time, for parsing one holds up every other thread of the process."""
        upto = self.position
        for _ in range(BLOCK // PAGE):
            page = self._journal.read(upto, rows.MODELS, PAGE)
            self.set_aside += _fold(gathering, page.records)
            upto = page.upto
            if len(page.records) < PAGE or gathering.rows >= LARGEST:
                break
        return upto


def _fold(gathering: Gathering, records: Sequence[Recorded]) -> Sequence[SetAsideEvent]:
    """The events that could not be folded. Raises `Unfoldable` if that is all of them."""
    try:
        gathering.add(records)
    except Exception as error:
        if is_the_machines(error):
            raise
        return _fold_each(gathering, records)
    return ()


def _fold_each(gathering: Gathering, records: Sequence[Recorded]) -> Sequence[SetAsideEvent]:
    refused = []
    for record in records:
        try:
            gathering.add([record])
        except Exception as error:
            if is_the_machines(error):
                raise
            refused.append(set_aside.of(record, error, datetime.now(UTC)))
    if len(refused) == len(records) >= STOPS_AFTER and len({one.source for one in refused}) > 1:
        raise Unfoldable(refused[0])
    return refused
