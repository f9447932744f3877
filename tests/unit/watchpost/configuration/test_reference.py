"""The page about the configuration is what the models say."""

from pathlib import Path

from watchpost.configuration.reference import markdown

PAGE = Path(__file__).resolve().parents[4] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "write it anew: watchpost schema reference"


def test_every_key_is_described() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("| `")]

    assert len(rows) > 100
    assert [row for row in rows if row.endswith("|  |") and "`kind`" not in row] == []
