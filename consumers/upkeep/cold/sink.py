"""The consumer of cold storage: it carries closed packs and days to the bucket, and reports when it cannot."""

import threading
from typing import ClassVar, Final

from consumers.upkeep.cold.scope import ColdStorageScope
from consumers.upkeep.rounds import RoundSink, RoundWork
from producer.ids import Clock, utc_now

PART: Final = "cold_storage"


class ColdStorageSink(RoundSink):
    """Without a bucket in the configuration it does nothing. What is to be copied is what the archive has and the
    bucket has not.
    """

    name: ClassVar[str] = PART
    failure: ClassVar[str] = "Nothing goes to cold storage"

    def __init__(self, scope: ColdStorageScope | None, clock: Clock = utc_now, pace: float = 1.0) -> None:
        super().__init__(pace)
        self._scope = scope
        self._clock = clock

    def _work(self, halted: threading.Event) -> RoundWork | None:
        from consumers.upkeep.cold.archiver import Archiver

        return None if self._scope is None else Archiver(self._scope, self._clock, halted)
