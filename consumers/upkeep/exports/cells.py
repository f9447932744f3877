"""Makes cells of a CSV file that no spreadsheet calculates."""

from typing import Final

FORMULAS: Final = ("=", "+", "-", "@")


def plain_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula: some leave out what is white before it."""
    return f"'{text}" if text.lstrip()[:1] in FORMULAS or text[:1] in ("\t", "\r") else text
