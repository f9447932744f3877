"""The code blocks of a page of the documents, and how a test applies them to a copy of the tree."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(python|json|svelte|diff|sh) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block, and the file that it belongs to."""

    kind: str
    file: str
    text: str

    @property
    def is_code(self) -> bool:
        return self.kind in ("python", "diff") and not self.file.startswith("tests/")

    @property
    def lines(self) -> int:
        """Lines of code, without empty ones and without the context of a diff."""
        marker = "+" if self.kind == "diff" else ""
        return sum(bool(line.strip()) and line.startswith(marker) for line in self.text.splitlines())


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(page.read_text())]


def apply(tree: Path, block: Block) -> None:
    """Write a new file, or apply a diff whose context must be found exactly once."""
    path = tree / block.file
    if block.kind in ("python", "json", "svelte"):
        assert not path.exists(), f"{block.file} is there already"
        path.write_text(block.text)
        return
    text = path.read_text()
    for hunk in block.text.split("@@\n")[1:]:
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        assert text.count(before) == 1, f"{block.file} has changed, the page has not:\n{before}"
        text = text.replace(before, "".join(line[1:] for line in lines if line[0] in " +"))
    path.write_text(text)


def run(tree: Path, *arguments: str, within_s: float = 100) -> str:
    """The output of Python with these arguments in the copy; it must end with 0."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment(tree),
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    assert done.returncode == 0, (
        f"{arguments} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    )
    return done.stdout + done.stderr


def environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def commands(found: Sequence[Block], first: str) -> list[list[str]]:
    """The commands of these blocks that begin with this word, without it."""
    lines = [line.split() for block in found if block.kind == "sh" for line in block.text.splitlines()]
    return [line[1:] for line in lines if line[:1] == [first]]
