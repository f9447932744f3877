"""The consumer that puts minute tiles into a bucket as they close, and again when they are corrected."""

import threading
from pathlib import Path
from typing import ClassVar

from consumers.credential import Credential
from consumers.store.cold.settings import TileBucket
from consumers.upkeep.rounds import RoundSink, RoundWork
from producer.ids import Clock, utc_now


class TileBucketSink(RoundSink):
    """Without a bucket in the configuration it does nothing. What is to be put is what the view of mosaics has and the
    bucket has not.
    """

    name: ClassVar[str] = "tile_bucket"
    credentials: ClassVar[frozenset[Credential]] = RoundSink.credentials | {Credential.TILE_BUCKET}
    failure: ClassVar[str] = "No minute tiles go to their bucket"

    def __init__(self, data: Path, bucket: TileBucket | None, clock: Clock = utc_now, pace: float = 1.0) -> None:
        super().__init__(pace)
        self._data = data
        self._bucket = bucket
        self._clock = clock

    def _work(self, halted: threading.Event) -> RoundWork | None:
        from consumers.upkeep.tile_bucket.publisher import TilePublisher

        return None if self._bucket is None else TilePublisher(self._data, self._bucket, self._clock, halted)
