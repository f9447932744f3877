"""Claims: the right of one process to run a consumer. Two would write one view, or deliver everything twice."""
