"""The command line, the configuration and supervision."""

from typing import Final

VERSION: Final = "0.2.0"
