"""Runs consumers: reads the journal from a checkpoint, folds or delivers, commits, rebuilds."""
