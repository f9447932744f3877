"""`python -m watchpost` is the `watchpost` command."""

import gc

# Imports make many objects and hardly any garbage. Looking through all of them again and again took a sixth of a start.
gc.disable()
from watchpost.cli import main  # noqa: E402 - after the collector is off

gc.freeze()
gc.enable()
main()
