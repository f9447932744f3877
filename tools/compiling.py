"""Compiles all modules once, before lanes of tests do it each for itself at the same time."""

import os
import subprocess
import sys
from collections.abc import Iterator

PACKAGES = ("bus_schemas", "consumers", "edge", "gateway", "mosquitto", "producer", "tests", "tools", "watchpost")
OF_NODE = "node_modules"


def compile_modules() -> None:
    command = (sys.executable, "-m", "compileall", "-q", "-j", "0", "-i", "-")
    # What does not compile is said by those who import it.
    subprocess.run(command, input="\n".join(modules()), text=True, stdout=subprocess.DEVNULL, check=False)


def modules() -> Iterator[str]:
    """But for tests, which pytest compiles in its own way."""
    for package in PACKAGES:
        for folder, folders, names in os.walk(package):
            if OF_NODE in folders:
                folders.remove(OF_NODE)
            yield from (f"{folder}/{name}" for name in names if name.endswith(".py") and not name.startswith("test_"))
