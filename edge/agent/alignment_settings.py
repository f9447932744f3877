"""Settings that align a thermal sensor with the camera beside it, for their fusion."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from edge.agent.source_settings import SettingsModel

Degrees = Annotated[float, Field(ge=1, le=170)]
UnitCoordinate = Annotated[float, Field(ge=0, le=1)]
Shift = Annotated[float, Field(ge=-1, le=1)]
Point = tuple[UnitCoordinate, UnitCoordinate]
Points = Annotated[tuple[Point, ...], Field(min_length=4, max_length=4)]
LEAST_TURN = 1e-3
"""Twice the area of the triangle that three corners must span."""


class FieldsOfView(SettingsModel):
    """Both sensors look in the same direction, with different fields of view."""

    by: Literal["fields_of_view"] = Field(description="By the angles that both lenses see.")
    thermal: tuple[Degrees, Degrees] = Field(description="Degrees that the sensor sees, across and down.")
    visual: tuple[Degrees, Degrees] = Field(description="Degrees that the camera sees, across and down.")
    shift: tuple[Shift, Shift] = Field(
        default=(0.0, 0.0), description="Where the middle of the picture lies off the middle of the frame, 0 to 1."
    )


class MarkedPoints(SettingsModel):
    """Four points that are visible in both pictures, each as x and y from 0 to 1, from the top left."""

    by: Literal["points"] = Field(description="By points that were marked in both pictures.")
    visual: Points = Field(description="Where they are in the picture of the camera.")
    thermal: Points = Field(description="Where the same ones are in the thermal frame.")

    @model_validator(mode="after")
    def _span_a_plane(self) -> Self:
        for name, points in (("visual", self.visual), ("thermal", self.thermal)):
            for left_out in range(4):
                (ax, ay), (bx, by), (cx, cy) = (point for index, point in enumerate(points) if index != left_out)
                if abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) < LEAST_TURN:
                    raise ValueError(f"{name}: three of the four points lie on one line")
        return self


AlignmentSettings = Annotated[FieldsOfView | MarkedPoints, Field(discriminator="by")]
