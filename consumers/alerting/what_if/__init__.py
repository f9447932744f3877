"""What-if trials: which alerts other rules, or another analysis, would have raised in a past range of the journal."""
