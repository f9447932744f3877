"""Conditions of devices that last: opened, then closed, each by a rule that is folded from the journal."""
