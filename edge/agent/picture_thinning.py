"""Decides how many pictures are taken for a link that does not carry all: fewer, smaller, then only around motion."""

from datetime import datetime
from typing import Final, Literal, get_args

from edge.capture.pacing import Every

Pictures = Literal["all", "fewer", "smaller", "around_motion"]
LEVELS: Final[tuple[Pictures, ...]] = get_args(Pictures)
WORSE_AFTER_S: Final = 10.0
BETTER_AFTER_S: Final = 60.0
ONE_OF: Final = 4
"""So many regular pictures become one."""
SMALLER_QUALITY: Final = 50
USUAL_QUALITY: Final = 85


class PictureThinning:
    """`poll` is called by the main thread of the agent, the rest by capture threads. Times are seconds of a monotonic
    clock.
    """

    def __init__(self) -> None:
        self.level = 0
        self._since: float | None = None
        """Since when the link asks for another level than this one, and whether for one with fewer pictures."""
        self._rises = False

    @property
    def pictures(self) -> Pictures:
        return LEVELS[self.level]

    @property
    def quality(self) -> int:
        """Quality of JPEG, in per cent."""
        return SMALLER_QUALITY if self.level >= LEVELS.index("smaller") else USUAL_QUALITY

    def allows(self, number: int, *, is_moving: bool) -> bool:
        """Whether the regular picture of this number is taken."""
        if self.level >= LEVELS.index("around_motion"):
            return is_moving
        return self.level == 0 or number % ONE_OF == 0

    def poll(self, *, is_too_slow: bool, now: float) -> bool:
        """Whether the level has changed."""
        wanted = min(self.level + 1, len(LEVELS) - 1) if is_too_slow else max(self.level - 1, 0)
        if wanted == self.level:
            self._since = None
            return False
        if self._since is None or (wanted > self.level) != self._rises:
            self._since, self._rises = now, wanted > self.level
        if now - self._since < (WORSE_AFTER_S if self._rises else BETTER_AFTER_S):
            return False
        self.level, self._since = wanted, None
        return True


class RegularPictures:
    """Says when a regular picture of one camera is to be taken. Used by its capture thread."""

    def __init__(self, every: Every | None) -> None:
        self._every = every
        self._number = 0
        self.thinning = PictureThinning()

    def is_due(self, time: datetime, *, is_moving: bool) -> bool:
        if self._every is None or not self._every.due(time):
            return False
        self._number += 1
        return self.thinning.allows(self._number, is_moving=is_moving)
