"""The HTTP layer: authentication, parameters, answers, errors, limits and metrics."""
