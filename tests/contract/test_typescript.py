from pathlib import Path

from bus_schemas.typescript import typescript

COMMITTED = Path(__file__).parents[2] / "gateway" / "web" / "src" / "api" / "contract.ts"


def test_the_page_has_the_types_of_the_contract_as_it_is() -> None:
    assert COMMITTED.read_text() == typescript(), "write it again with: ./dev types"
