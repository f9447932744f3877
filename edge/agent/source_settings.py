"""Settings of sources: files, network cameras, local cameras, drawn scenes and thermal sensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from edge.capture.sources.address import AddressInvalid, check_address, holds_credentials

EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
YEAR_S = 31_536_000
REFRESH_HZ = (0.5, 1, 2, 4, 8, 16, 32, 64)


class SettingsModel(BaseModel):
    """A part of the configuration: frozen, numbers finite, no key ignored, and no complaint quotes what was given."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class FileSourceSettings(SettingsModel):
    """A recording, played at its own speed as if it happened now."""

    kind: Literal["file"]
    path: Path = Field(description="A video file that libav can read.")
    loop: bool = Field(default=True, description="Start again at the end; else the device falls silent there.")


class NetworkSourceSettings(SettingsModel):
    """An address, given openly, or by the name of an environment variable when it holds credentials."""

    schemes: ClassVar[tuple[str, ...]] = ()

    url: str | None = Field(default=None, description="The address, without user and password.")
    url_env: EnvName | None = Field(default=None, description="The environment variable that holds the whole address.")

    @field_validator("url")
    @classmethod
    def _without_credentials(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if holds_credentials(url):
            raise ValueError(
                "the address holds credentials; keep it in an environment variable and name that in url_env"
            )
        try:
            check_address(url, cls.schemes)
        except AddressInvalid as invalid:
            raise ValueError(f"this is no address that can be used: {invalid}") from None
        return url

    @model_validator(mode="after")
    def _exactly_one(self) -> "NetworkSourceSettings":
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give either url or url_env")
        return self

    def trouble(self, environ: Mapping[str, str]) -> str | None:
        """The fault of the variable that it names, in a sentence that quotes nothing of it."""
        if self.url_env is None:
            return None
        if not environ.get(self.url_env):
            return f"the environment variable {self.url_env}, which a source names, is not set"
        try:
            check_address(environ[self.url_env], self.schemes)
        except AddressInvalid as invalid:
            return f"the environment variable {self.url_env} holds no address that can be used: {invalid}"
        return None


class RtspSourceSettings(NetworkSourceSettings):
    """A network camera."""

    schemes: ClassVar[tuple[str, ...]] = ("rtsp", "rtsps")

    kind: Literal["rtsp"]
    transport: Literal["tcp", "udp"] = Field(
        default="tcp",
        description="How pictures are sent: udp for cameras that refuse tcp; lost packets then smear pictures.",
    )


class MjpegSourceSettings(NetworkSourceSettings):
    """A camera that sends JPEG after JPEG over HTTP."""

    schemes: ClassVar[tuple[str, ...]] = ("http", "https")

    kind: Literal["mjpeg"]


class V4l2SourceSettings(SettingsModel):
    """A camera at this machine."""

    kind: Literal["v4l2"]
    path: Path = Field(default=Path("/dev/video0"), description="The video device.")


SceneFaultName = Literal[
    "blackscreen", "freeze", "corrupt_rows", "macroblocks", "zap", "audio_loss", "silent", "hot_spot"
]


class SceneFaultSettings(SettingsModel):
    """Something that goes wrong in a drawn scene, by the clock, again and again."""

    kind: SceneFaultName = Field(
        description="Black picture; picture stands still; lower half smeared; right half in blocks; a banner over"
        " black; no sound; no frames at all; a spot heats up."
    )
    first_s: float = Field(
        default=60.0, ge=0, le=YEAR_S, description="Seconds from the start of the agent to the first time."
    )
    lasts_s: float = Field(default=45.0, ge=0.1, le=YEAR_S, description="Seconds that it lasts.")
    every_s: float = Field(default=600.0, ge=0.1, le=YEAR_S, description="Seconds from one beginning to the next.")

    @model_validator(mode="after")
    def _ends_before_it_begins_again(self) -> "SceneFaultSettings":
        if self.lasts_s >= self.every_s:
            raise ValueError(f"lasts_s ({self.lasts_s}) must be less than every_s ({self.every_s})")
        return self


class SceneSourceSettings(SettingsModel):
    """A scene that the agent draws itself: no camera and no file needed. By the site's clock it has day and night."""

    kind: Literal["scene"]
    scene: Literal["visual", "thermal"] = Field(description="As a camera or as a thermal sensor sees it.")
    place: Literal["gate", "yard", "hall", "transformer"] = Field(
        default="yard", description="What is there: a road with a barrier, parked cars, racks indoors, a transformer."
    )
    seed: int = Field(default=1, description="Two scenes of one place with one seed show the same.")
    audio: bool = Field(default=False, description="Whether the visual scene has sound.")
    faults: tuple[SceneFaultSettings, ...] = Field(default=(), description="What goes wrong, and when.")


class ThermalCsvSourceSettings(SettingsModel):
    """A recording: columns Time, RT and one for each pixel, such as P000 ... P767 of 24 rows by 32. Also 8x8, 12x16,
    32x32, 60x80, 62x80 and 120x160.
    """

    kind: Literal["thermal_csv"]
    path: Path = Field(description="The CSV file.")
    loop: bool = Field(default=True, description="Start again at the end; else the sensor falls silent there.")


class Mlx90640SourceSettings(SettingsModel):
    """An MLX90640 at the I2C bus of this machine, address 0x33."""

    kind: Literal["mlx90640"]
    refresh_hz: float = Field(default=8, description="Frames a second that the sensor measures.")

    @field_validator("refresh_hz")
    @classmethod
    def _a_rate_of_the_sensor(cls, rate: float) -> float:
        if rate not in REFRESH_HZ:
            raise ValueError(
                f"the sensor knows {', '.join(f'{known:g}' for known in REFRESH_HZ)} frames a second, not {rate:g}"
            )
        return rate


VisualSourceSettings = Annotated[
    FileSourceSettings | RtspSourceSettings | MjpegSourceSettings | V4l2SourceSettings | SceneSourceSettings,
    Field(discriminator="kind"),
]
SubSourceSettings = Annotated[
    FileSourceSettings | RtspSourceSettings | MjpegSourceSettings, Field(discriminator="kind")
]
ThermalSourceSettings = Annotated[
    ThermalCsvSourceSettings | Mlx90640SourceSettings | SceneSourceSettings, Field(discriminator="kind")
]
