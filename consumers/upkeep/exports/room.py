"""How many bytes of the disk an export may take."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from consumers.hub_config import RetentionPolicy
from consumers.store.disk import DiskSpace


class ExportRoom(BaseModel):
    """The share of the disk from which clean-up drops the oldest media, and the share that it frees then.

    A disk that is recorded on is always near that share. So an export may begin the next clean-up by what it takes, but
    pushes out no more than one clean-up would anyway, and leaves half of what is beyond for those who write meanwhile.
    """

    model_config = ConfigDict(frozen=True)

    threshold_percent: float = 100.0
    freed_percent: float = 0.0

    @classmethod
    def of(cls, policy: RetentionPolicy) -> Self:
        threshold = policy.cleanup_threshold_percent
        return cls(threshold_percent=threshold, freed_percent=threshold - policy.cleanup_target_percent)

    def left(self, disk: DiskSpace) -> int:
        """Bytes; 0 where there is no room."""
        below = disk.total * self.threshold_percent / 100 - disk.used
        beyond = disk.total * (self.threshold_percent + 100) / 200 - disk.used
        return max(0, int(below), int(min(disk.total * self.freed_percent / 100, beyond)))
