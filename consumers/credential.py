"""Names the parts of the configuration that hold secrets."""

from enum import StrEnum


class Credential(StrEnum):
    """A part of the configuration with a password or a key: only processes whose consumers name it are given it."""

    WEBHOOK = "webhook"
    WAREHOUSE = "warehouse"
    COLD_STORAGE = "cold_storage"
    TILE_BUCKET = "tile_bucket"
