"""Corrects measured temperatures for the emissivity of a surface."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

KELVIN: Final = 273.15

Temperature = TypeVar("Temperature", float, NDArray[np.float32], NDArray[np.float64])


def corrected(measured: Temperature, emissivity: float, reflected: float = 25.0) -> Temperature:
    """°C by the Stefan-Boltzmann law: T^4 = (Tm^4 - (1 - e) Tr^4) / e, with the sensor itself set to e = 1. Scalars, or
    arrays of any shape.

    A temperature below what the surroundings alone would reflect means that `reflected` is wrong; the result ends at 0
    K.
    """
    if emissivity == 1.0:
        return measured
    radiation = ((measured + KELVIN) ** 4 - (1 - emissivity) * (reflected + KELVIN) ** 4) / emissivity
    surface: Temperature = np.maximum(radiation, 0.0) ** 0.25 - KELVIN
    return surface


def legacy(measured: Temperature, emissivity: float) -> Temperature:
    """°C by the formula of an older monitor, (T + 273.15) / e^0.25 - 273.15: it reads 25 as 28.85 at 0.95.

    Kept for sites whose thresholds were set by it. It assumes that the surroundings are at absolute zero.
    """
    surface: Temperature = (measured + KELVIN) / emissivity**0.25 - KELVIN
    return surface
