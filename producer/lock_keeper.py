"""Keeps locks for as long as they are held, also where somebody removes their files: a lock on a file without a name
keeps nobody out.
"""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

import structlog

from producer.locks import FileLock, LockHeld

LOOK_S: Final = 1.0

log = structlog.get_logger(__name__)


class LockKeeper:
    """Looks at the files of the locks in a thread of its own, and makes again what is gone.

    `on_taken` is called once where another process was quicker.
    """

    def __init__(self, locks: Sequence[FileLock], on_taken: Callable[[LockHeld], None], look_s: float = LOOK_S) -> None:
        self._locks = locks
        self._on_taken = on_taken
        self._look_s = look_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="locks", daemon=True)

    def _run(self) -> None:
        while not self._ending.wait(self._look_s):
            try:
                for lock in self._locks:
                    self._keep(lock)
            except LockHeld as taken:
                log.error("lock taken after its file was removed", reason=str(taken))
                self._on_taken(taken)
                return

    def _keep(self, lock: FileLock) -> None:
        try:
            if lock.hold():
                log.warning("the file of a lock was removed, and is made again", file=str(lock.path))
        except OSError as error:
            # A disk without room, or a directory that is gone as a whole: nobody else can make the file either.
            log.warning("the file of a lock is gone, and cannot be made", file=str(lock.path), reason=str(error))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()
