"""Names the way in which a region is measured, so that temperatures are compared with those of the same way only."""

from zlib import crc32

from bus_schemas.settings import Roi, ThermographySettings


def region_revision(roi: Roi, settings: ThermographySettings, shape: tuple[int, ...]) -> str:
    """The same after a restart: of everything by which a region of an unchanged scene has another temperature."""
    reflected = settings.reflected_c if roi.reflected_c is None else roi.reflected_c
    region = roi.coordinates, roi.polygon, roi.emissivity, reflected
    frame = settings.emissivity_formula, settings.ambient_c, settings.bad_pixel_filter, settings.broken_pixels, shape
    return f"{crc32(repr((region, frame)).encode()):08x}"
