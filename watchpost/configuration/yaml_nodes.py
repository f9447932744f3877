"""Walks over the nodes that PyYAML has read, before values are made of them."""

from collections.abc import Iterator
from typing import Final

import yaml

UNUSABLE: Final = (ValueError, LookupError, AttributeError, TypeError)
"""PyYAML lets them through where it makes values: of `2026-13-01` and `!!bool maybe`, for instance."""
_NUMBERS: Final = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_TEXT: Final = "tag:yaml.org,2002:str"


def parts_of(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def scalars(node: yaml.Node, seen: set[int] | None = None) -> Iterator[yaml.ScalarNode]:
    """Each once, however many aliases it has."""
    seen = set() if seen is None else seen
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif id(node) not in seen:
        seen.add(id(node))
        for part in parts_of(node):
            yield from scalars(part, seen)


def keep_times_of_day(root: yaml.Node) -> None:
    """`22:00` is a text, as in YAML 1.2. PyYAML takes it for 22 sixties, and 06:00 for a text."""
    for node in scalars(root):
        if node.tag in _NUMBERS and not node.style and ":" in node.value:
            node.tag = _TEXT


def line_of_unusable(root: yaml.Node) -> int:
    """The line of the first value of which PyYAML can make nothing."""
    for node in scalars(root):
        try:
            yaml.SafeLoader("").construct_document(node)
        except UNUSABLE:
            return node.start_mark.line + 1
    return root.start_mark.line + 1
