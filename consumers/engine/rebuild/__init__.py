"""Rebuilds: a view folded again, whole or in part, put in the place of the old one, and compared with the journal."""
