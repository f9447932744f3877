"""From measured to surface temperature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analysis.emissivity import corrected, legacy

emissivities = st.floats(0.1, 1.0)


@pytest.mark.parametrize(
    ("emissivity", "measured", "surface"), [(0.95, 25, 28.85), (0.95, 75, 79.49), (0.8, 75, 94.97), (0.2, 40, 195.12)]
)
def test_the_legacy_formula_gives_the_temperatures_of_the_older_monitor(
    emissivity: float, measured: float, surface: float
) -> None:
    assert legacy(float(measured), emissivity) == pytest.approx(surface, abs=0.01)


@given(st.floats(-40, 300))
def test_a_black_body_is_what_it_is_measured_to_be(measured: float) -> None:
    assert corrected(measured, 1.0) == measured
    assert legacy(measured, 1.0) == pytest.approx(measured)


@given(st.floats(-20, 60), emissivities)
def test_a_surface_as_warm_as_its_surroundings_reads_the_same_at_any_emissivity(
    temperature: float, emissivity: float
) -> None:
    assert corrected(temperature, emissivity, reflected=temperature) == pytest.approx(temperature, abs=1e-6)


@given(st.floats(0, 250), emissivities, st.floats(-10, 40))
def test_correction_undoes_what_a_grey_body_sends_out(surface: float, emissivity: float, reflected: float) -> None:
    kelvin = 273.15
    sent = emissivity * (surface + kelvin) ** 4 + (1 - emissivity) * (reflected + kelvin) ** 4

    assert corrected(sent**0.25 - kelvin, emissivity, reflected) == pytest.approx(surface, abs=1e-3)


def test_frames_are_corrected_as_single_temperatures_are() -> None:
    frame = np.array([[25.0, 75.0]])

    assert corrected(frame, 0.8) == pytest.approx(np.array([[corrected(25.0, 0.8), corrected(75.0, 0.8)]]))


def test_colder_than_the_reflection_alone_ends_at_absolute_zero() -> None:
    assert corrected(-40.0, 0.1, reflected=25.0) == pytest.approx(-273.15)
