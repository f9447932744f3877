"""Keeps locks for as long as they are held, also where somebody removes their files: a lock on a file without a name
keeps nobody out.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from producer.locks import FileLock, LockHeld
from producer.repeating_thread import RepeatingThread

LOOK_S: Final = 1.0

log = structlog.get_logger(__name__)


class LockKeeper(RepeatingThread):
    """Looks at the files of the locks in a thread of its own, and makes again what is gone.

    `on_taken` is called once where another process was quicker.
    """

    def __init__(self, locks: Sequence[FileLock], on_taken: Callable[[LockHeld], None], look_s: float = LOOK_S) -> None:
        super().__init__("locks", look_s)
        self._locks = locks
        self._on_taken = on_taken

    def work(self) -> bool:
        try:
            for lock in self._locks:
                self._keep(lock)
        except LockHeld as taken:
            log.error("lock taken after its file was removed", reason=str(taken))
            self._on_taken(taken)
            return False
        return True

    def _keep(self, lock: FileLock) -> None:
        try:
            if lock.hold():
                log.warning("the file of a lock was removed, and is made again", file=str(lock.path))
        except OSError as error:
            # A disk without room, or a directory that is gone as a whole: nobody else can make the file either.
            log.warning("the file of a lock is gone, and cannot be made", file=str(lock.path), reason=str(error))
