"""Trials: what other rules, or another analysis, would have raised in a stretch of the journal that is over."""
