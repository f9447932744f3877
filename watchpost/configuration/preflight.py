"""Finds what a configuration names and this machine lacks: variables, files, drivers and cameras."""

import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from edge.agent.settings import OnnxDetectorSettings
from edge.agent.source_settings import (
    FileSourceSettings,
    Mlx90640SourceSettings,
    NetworkSourceSettings,
    ThermalCsvSourceSettings,
    V4l2SourceSettings,
)
from edge.capture.sources.address import without_credentials
from edge.capture.sources.files import LocalKind, refusal
from watchpost.configuration.config import WatchpostConfig


class PreflightFinding(NamedTuple):
    """A missing or unusable thing, with the key that names it. A camera that is not plugged in makes no configuration
    wrong: its agent waits for it.
    """

    sentence: str
    is_error: bool = True


def troubles(config: BaseModel, environ: Mapping[str, str]) -> list[PreflightFinding]:
    """One for each variable, file or device."""
    return [*_troubles("", config, environ), *_links_of_nobody(config)]


def _links_of_nobody(config: BaseModel) -> Iterator[PreflightFinding]:
    """A name that is misspelt; its limits hold for nothing."""
    if isinstance(config, WatchpostConfig):
        agents = config.devices_by_node()
        for number, one in enumerate(config.nodes):
            if one.node not in agents:
                known = f"there are {', '.join(agents)}" if agents else "there is none"
                sentence = f"nodes[{number}].node: no device has the agent {one.node}; {known}"
                yield PreflightFinding(sentence, is_error=False)


def _troubles(place: str, part: BaseModel, environ: Mapping[str, str]) -> Iterator[PreflightFinding]:
    if isinstance(part, NetworkSourceSettings):
        trouble = part.trouble(environ)
        yield from [PreflightFinding(f"{place}.url_env: {trouble}")] if trouble is not None else []
        return
    if (driver := _missing_driver(part)) is not None:
        yield PreflightFinding(f"{place}: {driver}", is_error=False)
    if (named := _named_file(part)) is not None:
        key, path, kind = named
        why, is_absent = refusal(path, kind), kind == "device" and not path.exists()
        sentence = f"{place}.{key}: {without_credentials(str(path))}: {why}"
        yield from [PreflightFinding(sentence, is_error=not is_absent)] if why is not None else []
        return
    for key in type(part).model_fields:
        value, inner = getattr(part, key), f"{place}.{key}".removeprefix(".")
        if isinstance(value, tuple):
            for number, item in enumerate(value):
                yield from _of_value(f"{inner}[{number}]", item, environ)
        elif key.endswith("_env") and value is not None and not environ.get(value):
            yield PreflightFinding(
                f"{inner}: the environment variable {value}, which the configuration names, is not set"
            )
        else:
            yield from _of_value(inner, value, environ)


def _missing_driver(part: BaseModel) -> str | None:
    """How to install what this part needs and a usual installation does not have."""
    match part:
        case Mlx90640SourceSettings():
            module, extra = "adafruit_mlx90640", "mlx90640"
        case OnnxDetectorSettings():
            module, extra = "onnxruntime", "onnx"
        case _:
            return None
    if find_spec(module) is not None:
        return None
    return f"it needs {module}, which is not installed here: {sys.executable} -m pip install 'watchpost[{extra}]'"


def _named_file(part: BaseModel) -> tuple[str, Path, LocalKind] | None:
    match part:
        case FileSourceSettings() | ThermalCsvSourceSettings():
            return "path", part.path, "file"
        case V4l2SourceSettings():
            return "path", part.path, "device"
        case OnnxDetectorSettings():
            return "model", part.model, "file"
    return None


def _of_value(place: str, value: object, environ: Mapping[str, str]) -> Iterator[PreflightFinding]:
    if isinstance(value, BaseModel):
        yield from _troubles(place, value, environ)
    elif place.endswith("_file") and isinstance(value, Path) and (why := _unreadable(value)) is not None:
        yield PreflightFinding(f"{place}: {value}: {why}")


def _unreadable(file: Path) -> str | None:
    try:
        with file.open("rb"):
            return None
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError:  # a NUL in it
        return "no file has such a name"
