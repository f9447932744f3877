"""What other rules would have raised: asked for, looked at, cancelled."""

from gateway.routes.trials import rules, trials

OPERATIONS = [*rules.OPERATIONS, *trials.OPERATIONS]
