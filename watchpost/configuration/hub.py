"""The section `hub`: what is kept, how long, and where."""

from typing import Annotated

from pydantic import Field, model_validator

from consumers.hub_config import (
    BYTES_KEPT,
    CLEANUP_TARGET_PERCENT,
    CLEANUP_THRESHOLD_PERCENT,
    EVIDENCE_DAYS_KEPT,
    EXPORT_DAYS_KEPT,
    EXPORTS_WAITING,
    EXPORTS_WAITING_PER_PERSON,
    JOURNAL_DAYS_KEPT,
    MEDIA_CHECK_DAYS,
)
from edge.agent.source_settings import SettingsModel
from watchpost.configuration.cold_storage import ColdStorageSection
from watchpost.configuration.mosaic import MosaicSection
from watchpost.configuration.retention import Bytes, RetentionSection
from watchpost.configuration.stores import EmbeddedWarehouse, FileJournal, ServerJournal, ServerWarehouse
from watchpost.configuration.tile_bucket import TileBucketSection

Days = Annotated[int, Field(gt=0, le=365_000)]
"""More of them before today are none that a calendar has."""


class HubSection(SettingsModel):
    """What the hub keeps, and how long."""

    retention_hours: RetentionSection = Field(default_factory=RetentionSection, description="For each kind of media.")
    segment_bytes: Bytes = Field(
        default=BYTES_KEPT,
        description="Bytes of recorded video; beyond them goes the oldest of devices above their equal share.",
    )
    journal_days: Days = Field(
        default=JOURNAL_DAYS_KEPT, description="Days that the journal keeps; older ones cannot be rebuilt."
    )
    journal_bytes: Bytes = Field(
        default=BYTES_KEPT,
        description="Bytes of the journal; the oldest days go beyond them, but never the last two.",
    )
    evidence_days: Days = Field(
        default=EVIDENCE_DAYS_KEPT,
        description="Days that the first, the last and some other pictures of an incident are kept.",
    )
    media_check_days: Annotated[float, Field(ge=0, le=3660)] = Field(
        default=MEDIA_CHECK_DAYS,
        description="Days between two checks of all media, within `cold_storage.hours`; lost media are taken out of the"
        " views. 0 for never.",
    )
    export_days: Days = Field(default=EXPORT_DAYS_KEPT, description="Days that the files of an export are kept.")
    export_bytes: Bytes = Field(
        default=BYTES_KEPT,
        description="Bytes of all exports together: the oldest go beyond them. An export that alone has more is"
        " refused.",
    )
    exports_waiting: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=EXPORTS_WAITING, description="Exports that may wait at a time; more are refused."
    )
    exports_waiting_per_person: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=EXPORTS_WAITING_PER_PERSON, description="Of them, those that one person may have asked for."
    )
    cleanup_threshold_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=CLEANUP_THRESHOLD_PERCENT,
        description="Use of the disk from which the oldest media go before their time.",
    )
    cleanup_target_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=CLEANUP_TARGET_PERCENT, description="Use of the disk at which that ends."
    )
    journal: Annotated[FileJournal | ServerJournal, Field(discriminator="kind")] = Field(
        default_factory=FileJournal, description="Where the log of all events is."
    )
    warehouse: Annotated[EmbeddedWarehouse | ServerWarehouse, Field(discriminator="kind")] = Field(
        default_factory=EmbeddedWarehouse, description="Where the rows of the dashboards are."
    )

    tile_bucket: TileBucketSection | None = Field(
        default=None,
        description="A bucket from which the minute tiles are read without the hub; default none.",
    )
    mosaic: MosaicSection = Field(default_factory=MosaicSection, description="The picture of each minute.")
    cold_storage: ColdStorageSection | None = Field(
        default=None, description="A bucket for media that are kept longer than the disk keeps them; default none."
    )

    @model_validator(mode="after")
    def _something_goes_to_the_bucket(self) -> "HubSection":
        cold = self.cold_storage
        longest = max(getattr(self.retention_hours, kind) for kind in RetentionSection.model_fields)
        if cold is not None and cold.copies == 1 and longest <= cold.keep_hot_hours:
            raise ValueError(
                f"retention_hours keeps nothing longer than cold_storage.keep_hot_hours ({cold.keep_hot_hours:g}):"
                " nothing would go to the bucket"
            )
        return self

    @model_validator(mode="after")
    def _target_below_threshold(self) -> "HubSection":
        if self.cleanup_target_percent >= self.cleanup_threshold_percent:
            raise ValueError(
                f"cleanup_target_percent ({self.cleanup_target_percent}) must be below"
                f" cleanup_threshold_percent ({self.cleanup_threshold_percent})"
            )
        return self
