"""What the models of settings are made of: numbers with bounds and units, and sections that refuse unknown keys."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


def unit(name: str) -> dict[str, Any]:
    return {"unit": name}


Switch = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]


class Section(BaseModel):
    """Unknown keys are refused: what is misspelt must not look as if it had been set."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
