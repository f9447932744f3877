"""Finds whole numbers that no store has room for: the contract lets them in, and who writes or folds one would end."""

from collections.abc import Iterator

from pydantic import BaseModel

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def too_large(event: BaseModel) -> str | None:
    """A sentence that says where the first is, `None` where all fit into 64 bits.

    What is told in keys of a producer's own choice, such as settings, is kept as text, however large.
    """
    path = next(_beyond(event), None)
    return None if path is None else f"{path} is a number of more than 64 bits"


def _beyond(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, int):
        if not SMALLEST <= value <= LARGEST:
            yield path
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _beyond(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for number, member in enumerate(value):
            yield from _beyond(member, f"{path}.{number}")
