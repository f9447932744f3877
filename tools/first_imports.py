"""Imports what the product and most tests import, so that Python keeps it compiled."""

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

ROOMS: Final = ("consumers", "edge", "gateway", "watchpost")
OF_TESTS: Final = ("pytest", "hypothesis")


def import_all(rooms: Iterable[str]) -> None:
    """With their modules. What cannot be imported says so where it is used."""
    for room in rooms:
        for module in walk_packages(import_module(room).__path__, f"{room}."):
            if not module.name.endswith(".__main__"):
                with suppress(ImportError):
                    import_module(module.name)


if __name__ == "__main__":
    import_all(ROOMS)
    for name in OF_TESTS:
        with suppress(ImportError):
            import_module(name)
