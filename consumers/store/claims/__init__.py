"""A claim is the right to run one consumer of a journal; two would write one view, or do everything twice."""
