"""The command line, the configuration and supervision."""

from typing import Final

VERSION: Final = "0.1.0"
