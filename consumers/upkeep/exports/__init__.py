"""Exports: recordings of a time range as files that can be taken away, with a manifest that proves what they are."""
