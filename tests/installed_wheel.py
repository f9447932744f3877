"""Builds the wheel of this tree and installs it into a fresh environment, with nothing but what an agent needs."""

import shutil
import subprocess
import sys
import venv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.required import missing

SOURCES = ("bus_schemas", "producer", "edge", "consumers", "gateway", "mosquitto", "watchpost")
HUB_ONLY = frozenset({
    "aiomqtt", "boto3", "chdb", "clickhouse_driver", "msgspec", "prometheus_client", "starlette", "uvicorn",
})  # fmt: skip


def build(folder: Path) -> Path:
    """The wheel of this tree, of a copy, because a build leaves files beside its sources."""
    tree = folder / "tree"
    for name in SOURCES:
        shutil.copytree(name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "web", "static"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(name, tree / name)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "-q", "--wheel-dir", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(tree)], check=True, capture_output=True)
    (wheel,) = folder.glob("watchpost-*.whl")
    return wheel


def add_needed(found: Distribution, extras: frozenset[str], known: dict[str, Distribution]) -> None:
    """Add what a distribution needs with these extras."""
    for text in found.requires or ():
        one = Requirement(text)
        environments = [{"extra": extra} for extra in (extras or {""})]
        is_wanted = one.marker is None or any(one.marker.evaluate(environment) for environment in environments)
        if is_wanted and one.name not in known:
            known[one.name] = _installed(one.name)
            add_needed(known[one.name], frozenset(one.extras), known)


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        missing(f"{name} is not installed: ./dev setup")


def install(wheel: Path, place: Path) -> Path:
    """A fresh environment with the wheel, and of the packages of this one those that `watchpost[edge]` names."""
    venv.create(place, with_pip=False, symlinks=True)
    packages = next(place.glob("lib/python*/site-packages"))
    target = ("--target", str(packages), "--no-deps", "--no-index", "-q", "--no-compile")
    subprocess.run([sys.executable, "-m", "pip", "install", *target, str(wheel)], check=True, capture_output=True)
    (described,) = packages.glob("watchpost-*.dist-info")
    known: dict[str, Distribution] = {}
    add_needed(Distribution.at(described), frozenset({"edge"}), known)
    for found in known.values():
        for first in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (packages / first).exists():
                (packages / first).symlink_to(Path(str(found.locate_file(first))))
    return place / "bin" / "python"
