import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from consumers.warehouse.embedded import EmbeddedEngine
from consumers.warehouse.fold import Fold
from consumers.warehouse.store import Generations
from tests.builders import at, detection, thermal
from tests.memory_journal import MemoryJournal

EVENTS = 5000

FOLD = """
import sys
from pathlib import Path
from consumers.journal.record import Batch
from consumers.warehouse import fold
from consumers.warehouse.embedded import EmbeddedEngine
from consumers.warehouse.store import Generations
from tests.faults.test_warehouse_killed import journal

fold.BLOCK = fold.PAGE = 50
folding = fold.Fold(journal(), Generations(EmbeddedEngine(Path(sys.argv[1])), None).current())
while folding.advance():
    print(folding.position, flush=True)
"""


def journal() -> MemoryJournal:
    """The same events in every process."""
    kinds = (detection, thermal)
    return MemoryJournal(kinds[number % 2](at(number), id=f"e-{number}") for number in range(EVENTS))


@contextmanager
def folding(directory: Path) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", FOLD, str(directory)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("blocks", [1, 6])
def test_what_a_killed_fold_left_behind_is_counted_once(tmp_path: Path, blocks: int) -> None:
    directory = tmp_path / "warehouse"
    for _ in range(3):
        with folding(directory) as process:
            assert process.stdout is not None
            for _ in range(blocks):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)

    with closing(EmbeddedEngine(directory)) as engine:
        fold = Fold(journal(), Generations(engine, None).current())
        begun = fold.position
        while fold.advance():
            pass
        detections = engine.query("select count(), uniqExact(event_id) from camera_events")
        readings = engine.query("select count(), uniqExact(event_id) from thermal_readings")

    assert 0 < begun < EVENTS
    assert detections == [[EVENTS // 2, EVENTS // 2]]
    assert readings == [[EVENTS // 2 * 3, EVENTS // 2]]
