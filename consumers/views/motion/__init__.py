"""The view of motion: counts by time, a heat map of each day, and where in the picture something moved."""
