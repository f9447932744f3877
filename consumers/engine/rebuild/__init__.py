"""Rebuilds a view, whole or in part, swaps it with the old one, and compares views with the journal."""
