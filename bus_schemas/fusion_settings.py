"""How the frame of a thermal sensor lies over the picture of the camera beside it, and how both are shown as one."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from bus_schemas.setting_types import Number, Section, unit

FEWEST_POINTS: Final = 4
MOST_POINTS: Final = 12
LEAST_TURN: Final = 1e-3
"""Twice the area of the triangle that three points must span."""
CLEAR_TURN: Final = 0.02
"""In an area of this size nobody clicks the points in the other order by mistake."""

Degrees = Annotated[Number, Field(ge=1, le=170, json_schema_extra=unit("°"))]
UnitCoordinate = Annotated[Number, Field(ge=0, le=1)]
Shift = Annotated[Number, Field(ge=-1, le=1)]
Point = tuple[UnitCoordinate, UnitCoordinate]
Points = Annotated[tuple[Point, ...], Field(min_length=FEWEST_POINTS, max_length=MOST_POINTS)]


class FieldsOfView(Section):
    """Both sensors look in the same direction, with different fields of view."""

    by: Literal["fields_of_view"] = Field(description="By the angles that both lenses see.")
    thermal: tuple[Degrees, Degrees] = Field(description="Degrees that the sensor sees, across and down.")
    visual: tuple[Degrees, Degrees] = Field(description="Degrees that the camera sees, across and down.")
    shift: tuple[Shift, Shift] = Field(
        default=(0.0, 0.0), description="Where the middle of the picture lies off the middle of the frame, 0 to 1."
    )


class MarkedPoints(Section):
    """Four to twelve points that are visible in both pictures, each as x and y from 0 to 1, from the top left."""

    by: Literal["points"] = Field(description="By points that were marked in both pictures.")
    visual: Points = Field(description="Where they are in the picture of the camera.")
    thermal: Points = Field(description="Where the same ones are in the thermal frame.")

    @model_validator(mode="after")
    def _are_pairs(self) -> Self:
        if len(self.visual) != len(self.thermal):
            raise ValueError(
                f"each point is marked in both pictures: visual has {len(self.visual)}, thermal {len(self.thermal)}"
            )
        return self

    @model_validator(mode="after")
    def _span_a_plane(self) -> Self:
        for name, points in (("visual", self.visual), ("thermal", self.thermal)):
            if not any(
                all(abs(turn) >= LEAST_TURN for _, turn in _turns(points, four))
                for four in combinations(range(len(points)), FEWEST_POINTS)
            ):
                raise ValueError(
                    f"{name}: three of the four points lie on one line; spread them over the picture"
                    if len(points) == FEWEST_POINTS
                    else f"{name}: four of the points must be such that no three of them lie on one line"
                )
        return self

    @model_validator(mode="after")
    def _turn_alike(self) -> Self:
        """Otherwise one of them was taken for another: cameras beside each other see no mirror image."""
        every = range(len(self.visual))
        for (corners, seen), (_, measured) in zip(_turns(self.visual, every), _turns(self.thermal, every), strict=True):
            if min(abs(seen), abs(measured)) >= CLEAR_TURN and (seen > 0) is not (measured > 0):
                one, two, three = (corner + 1 for corner in corners)
                raise ValueError(f"points {one}, {two} and {three} are in another order in the thermal frame")
        return self


AlignmentSettings = Annotated[FieldsOfView | MarkedPoints, Field(discriminator="by")]


class FusionSettings(Section):
    """How the pictures of both sensors are shown as one."""

    alignment: AlignmentSettings | None = Field(
        default=None, description="How the thermal frame lies over the picture; none means that both show the same."
    )
    form: Literal["mixed", "edges"] = Field(
        default="mixed", description="mixed shows both at once; edges shows the outlines of the picture over the heat."
    )
    thermal_share: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.4, description="The part of the heat in a mixed picture: 0 shows the camera alone, 1 the heat alone."
    )


def _turns(points: Sequence[Point], of: Sequence[int]) -> Iterator[tuple[tuple[int, int, int], float]]:
    """Twice the areas of the triangles between these points, positive where they turn one way."""
    for corners in combinations(of, 3):
        (ax, ay), (bx, by), (cx, cy) = (points[corner] for corner in corners)
        yield corners, (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
