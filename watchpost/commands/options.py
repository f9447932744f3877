"""Options that several commands share."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class LogFormat(StrEnum):
    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="WATCHPOST_CONFIG",
        help="The configuration file; default ./watchpost.yaml, or the demo if there is none.",
    ),
]
DataOption = Annotated[Path, typer.Option("--data", envvar="WATCHPOST_DATA", help="The data directory.")]
MqttPortOption = Annotated[
    int | None, typer.Option("--mqtt-port", min=0, max=65535, help="The port of the broker; default as configured.")
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="The port of the page; default as configured; 0 takes a free one."),
]
LogOption = Annotated[LogFormat, typer.Option("--log-format", help="auto: text on a terminal, else JSON.")]

DATA = Path("data")


def finite(value: float | None) -> float | None:
    """`nan` is within all bounds, and `inf` above each that is only a lower one."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("give a number that is finite")
    return value
