"""What people may set of a device: whole sections, each valid as a whole or not at all."""

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bus_schemas.event import Share
from bus_schemas.thermal import Roi, Thresholds

MOST = 64
Coordinate = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
"""In pixels of a picture."""


class Section(BaseModel):
    """Unknown keys are refused: what is misspelt must not look as if it had been set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ThresholdsWish(Thresholds):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RoiWish(Roi):
    """A named rectangle in the 24x32 thermal frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: ThresholdsWish = ThresholdsWish()
    visual_coordinates: (
        tuple[
            tuple[Coordinate, Coordinate],
            tuple[Coordinate, Coordinate],
        ]
        | None
    ) = Field(default=None, description="The same corners in the visual picture, as they were drawn there.")


class Zone(Section):
    """A named polygon in the visual picture."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    points: tuple[tuple[Share, Share], ...] = Field(min_length=3, max_length=200)
    restricted: bool = False
    max_people: Annotated[int, Field(ge=1, le=65_535)] | None = None


class Motion(Section):
    """When a change of the picture counts as motion."""

    sensitivity: int = Field(default=25, ge=0, le=100)
    min_area: int = Field(default=500, ge=1, le=1_000_000)


class MotionWish(Motion):
    """What people may set of it; a configuration may say more."""

    min_area: int = Field(default=500, ge=100, le=10_000)


class Picture(Section):
    """When a picture is called black or frozen."""

    black_percentage: float = Field(default=95.0, gt=0, le=100)
    freeze_seconds: float = Field(default=2.0, gt=0, le=86_400, allow_inf_nan=False)


class Rois(Section):
    rois: tuple[RoiWish, ...] = Field(max_length=MOST)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        refuse_doubled("ROI", [roi.name for roi in self.rois])
        return self


class Zones(Section):
    zones: tuple[Zone, ...] = Field(max_length=MOST)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        refuse_doubled("zone", [zone.name for zone in self.zones])
        return self


class Wishes(Section):
    """Sections to replace; those that are left out stay as they are."""

    rois: tuple[RoiWish, ...] | None = Field(default=None, max_length=MOST)
    zones: tuple[Zone, ...] | None = Field(default=None, max_length=MOST)
    motion: MotionWish | None = None
    picture: Picture | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.sections():
            raise ValueError("name at least one section: rois, zones, motion or picture")
        refuse_doubled("ROI", [roi.name for roi in self.rois or ()])
        refuse_doubled("zone", [zone.name for zone in self.zones or ()])
        return self

    def sections(self) -> dict[str, Any]:
        return {name: value for name, value in self.model_dump(mode="json").items() if value is not None}


FULL_FRAME = RoiWish(name="full_frame", coordinates=((0, 0), (32, 24)))

UNTOLD: dict[str, Any] = {
    "rois": [FULL_FRAME.model_dump(mode="json")],
    "zones": [],
    "motion": Motion().model_dump(mode="json"),
    "picture": Picture().model_dump(mode="json"),
}
"""What a device does that has never told of a section: the defaults of the agent."""


def understood(told: dict[str, Any]) -> dict[str, Any]:
    """What a device told of its sections, without those that are known here and say something else than they should."""
    return {name: value for name, value in told.items() if name not in UNTOLD or _fits(name, value)}


class _Told(Wishes):
    """Of motion a device may tell of more than people may set."""

    motion: Motion | None = None  # type: ignore[assignment]  # wider, for this is only read


def _fits(name: str, value: Any) -> bool:
    try:
        _Told.model_validate({name: value})
    except ValidationError:
        return False
    return True


def refuse_doubled(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} stands twice")
        seen.add(name)
