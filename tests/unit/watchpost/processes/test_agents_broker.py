"""The broker reads the users of agents again when their files change."""

import threading
import time
from pathlib import Path

from tests.eventually import eventually
from watchpost.processes.agents_broker import reload_on_change


def test_a_file_that_cannot_be_looked_at_for_a_while_is_watched_on(tmp_path: Path) -> None:
    folder, reloaded, stopping = tmp_path / "accounts", threading.Semaphore(0), threading.Event()
    folder.mkdir()
    (folder / "passwords").write_text("first")
    thread = threading.Thread(
        target=reload_on_change, args=([folder / "passwords"], reloaded.release, stopping, lambda: None)
    )
    thread.start()

    def is_watched() -> bool:
        (folder / "passwords").write_text(f"{time.monotonic_ns()}")
        return reloaded.acquire(timeout=10)

    try:
        # What is changed before the thread has looked for the first time is no change to it.
        eventually(is_watched, what="the first look")
        folder.rename(tmp_path / "moved")
        # Looking for a file below one raises another error than that the file is not there.
        folder.write_text("no folder")
        assert reloaded.acquire(timeout=60)
        folder.unlink()
        (tmp_path / "moved").rename(folder)
        eventually(lambda: reloaded.acquire(blocking=False), what="the file that is back")
    finally:
        stopping.set()
        thread.join()
