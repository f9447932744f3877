"""The blocks of code that stand in documents."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """`info` is what stands behind the fence, as `sh`."""

    info: str
    text: str
    place: str


def blocks(document: Path, *infos: str) -> list[Block]:
    """Those of these languages in their order; all where none is named."""
    page = document.read_text(encoding="utf-8")
    found = [
        Block(match["info"], match["text"], f"{document}:{page.count(chr(10), 0, match.start()) + 1}")
        for match in _FENCE.finditer(page)
    ]
    return [block for block in found if not infos or block.info in infos]
