"""Settings of what is wrong with a picture: black, frozen, smeared or broken into blocks."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from bus_schemas.setting_types import Number, Section, unit

_AboveZero = Annotated[Number, Field(gt=0, le=100, json_schema_extra=unit("%"))]


class PictureSettings(Section):
    """When a picture is called black, frozen or broken."""

    black_percentage: _AboveZero = Field(
        default=95.0, description="Share of dark pixels; a camera that shows menus over black needs a lower one."
    )
    black_top: Annotated[Number, Field(ge=0, lt=100, json_schema_extra=unit("%"))] = Field(
        default=0.0, description="Rows above it, in per cent of the height, do not count for black."
    )
    black_bottom: _AboveZero = Field(
        default=100.0, description="Rows below it do not count; 70 leaves out the menus and banners of a television."
    )
    freeze_seconds: Annotated[Number, Field(gt=0, le=3600, json_schema_extra=unit("s"))] = Field(
        default=2.0, description="How long it must be the same."
    )
    corrupt_percentage: _AboveZero = Field(
        default=18.0, description="Share of rows that repeat the row above, from which the picture is called smeared."
    )
    macroblock_percentage: _AboveZero = Field(
        default=4.0, description="Share of loose blocks from which the picture is called broken; 100 finds none."
    )

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        if self.black_bottom - self.black_top < 1:
            raise ValueError(
                f"black_bottom ({self.black_bottom:g}) must be below black_top ({self.black_top:g}) by 1 % at least"
            )
        return self
