"""The consumer that puts minute tiles into a bucket as they close, and again when they are corrected."""

import threading
from typing import ClassVar

from consumers.hub_config import HubConfig
from consumers.upkeep.rounds import RoundSink, RoundWork
from producer.ids import Clock, utc_now


class TileBucketSink(RoundSink):
    """Without a bucket in the configuration it does nothing. What is to be put is what the view of mosaics has and the
    bucket has not.
    """

    name: ClassVar[str] = "tile_bucket"
    failure: ClassVar[str] = "No minute tiles go to their bucket"

    def __init__(self, hub: HubConfig, clock: Clock = utc_now, pace: float = 1.0) -> None:
        super().__init__(pace)
        self._hub = hub
        self._clock = clock

    def _work(self, halted: threading.Event) -> RoundWork | None:
        from consumers.upkeep.tile_bucket.publisher import TilePublisher

        settings = self._hub.tile_bucket
        return None if settings is None else TilePublisher(self._hub, settings, self._clock, halted)
