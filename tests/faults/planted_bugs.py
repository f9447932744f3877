"""Deliberate bugs, and for each the tests of which one must notice it."""

from tests.faults.planted import ingest, producers, stores, views
from tests.faults.planted.mutant import Mutant

MUTANTS: dict[str, Mutant] = {**producers.MUTANTS, **ingest.MUTANTS, **stores.MUTANTS, **views.MUTANTS}
