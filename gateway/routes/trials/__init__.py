"""Routes of what-if trials."""

from gateway.routes.trials import rules, trials

OPERATIONS = [*rules.OPERATIONS, *trials.OPERATIONS]
