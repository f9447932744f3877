"""Makes once what Hypothesis would compute in each lane of a fresh copy, and keeps in its folder: the characters of an
encoding, and the constants that our modules name.

`python -m tools.hypothesis_tables` reads the names of modules, one a line.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from tools.compiling import modules

ENCODING = "utf-8"
"""Of the texts that Hypothesis draws where nothing else is said."""


@contextmanager
def tables_in_the_making() -> Iterator[None]:
    """Made beside the block, and there at its end. Where they are not, each lane makes its own as before."""
    command = (sys.executable, "-m", "tools.hypothesis_tables")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as making:
        assert making.stdin is not None
        with suppress(BrokenPipeError):
            making.stdin.write("\n".join(modules()))
            making.stdin.close()
        yield


def keep_constants(paths: Iterable[Path]) -> None:
    """Those that Hypothesis tries now and then because our code names them."""
    from hypothesis.internal.constants_ast import constants_from_module, is_local_module_file

    for path in paths:
        module = ModuleType(path.stem)
        module.__file__ = str(path.resolve())
        if is_local_module_file(module.__file__):
            constants_from_module(module)


def keep_characters() -> None:
    from hypothesis.internal.charmap import charmap, intervals_from_codec

    charmap()
    intervals_from_codec(ENCODING)


if __name__ == "__main__":
    keep_characters()
    keep_constants(Path(line) for line in sys.stdin.read().splitlines())
