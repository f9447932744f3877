"""Reads a file of rules to try: rules of the configuration, and settings of an analysis."""

from pathlib import Path
from typing import Any

from pydantic import Field, create_model

from bus_schemas.settings import PictureSettings, Rois, ThermographySettings
from consumers.alerting.rules import AlertRules
from edge.agent.source_settings import SettingsModel
from watchpost.configuration.yaml_loader import parse


class AnalysisSection(SettingsModel):
    """They replace the settings of the devices."""

    picture: PictureSettings | None = Field(default=None, description="When a picture is black or frozen.")
    rois: Rois | None = None
    thermography: ThermographySettings | None = Field(default=None, description="How temperatures are worked out.")


class _WithSettings(SettingsModel):
    settings: AnalysisSection = Field(default_factory=AnalysisSection, description="For the analysis.")


# Rules that the file does not name stay in force, so one bound may be below another here.
_FIELDS: dict[str, Any] = {name: (info.annotation, info) for name, info in AlertRules.model_fields.items()}
_RULE_FILE = create_model("RuleFile", __base__=_WithSettings, **_FIELDS)


def read(path: Path) -> tuple[dict[str, float], dict[str, Any]]:
    """The rules that the file names, and the settings. ConfigError says what is wrong, with file, line and key."""
    sections = parse(_RULE_FILE, path, "the rules").model_dump(mode="json", exclude_unset=True)
    settings = {name: value for name, value in sections.pop("settings", {}).items() if value is not None}
    return sections, settings
