"""Projects points in metres into the picture of a drawn camera."""

from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]

ASPECT: Final = 16 / 9


@dataclass(frozen=True, slots=True)
class View:
    """A level pinhole camera whose focal length is the picture's height: 53 degrees from top to bottom.

    `horizon` is in 0..1 of the picture, `eye` its height above the ground in metres.
    """

    horizon: float
    eye: float

    def point(self, across: float, up: float, away: float) -> Point:
        """Where a point is seen, in 0..1 of the picture: `across` metres right of the axis, `up` high and `away`."""
        return 0.5 + across / away / ASPECT, self.horizon + (self.eye - up) / away
