"""Options that several commands share."""

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
        help="The configuration; default ./watchpost.yaml, and the demo when there is none.",
    ),
]
DataOption = Annotated[Path, typer.Option("--data", envvar="WATCHPOST_DATA", help="Where everything is kept.")]
MqttPortOption = Annotated[
    int | None, typer.Option("--mqtt-port", min=0, max=65535, help="Of the broker; default the configuration's.")
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Of the page; default the configuration's; 0 takes a free one."),
]
LogOption = Annotated[LogFormat, typer.Option("--log-format", help="auto is text on a terminal, else JSON.")]

DATA = Path("data")
