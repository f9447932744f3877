"""The directory of the built page."""

from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).with_name("static")
