"""Every bug that is planted has its place in the code as it is."""

import pytest

from tests.faults.mutants import ROOT
from tests.faults.planted_bugs import MUTANTS


@pytest.mark.parametrize("name", MUTANTS)
def test_the_place_of_each_bug_is_there_once(name: str) -> None:
    mutant = MUTANTS[name]

    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.new != mutant.old
    assert all((ROOT / test).exists() for test in mutant.tests)
