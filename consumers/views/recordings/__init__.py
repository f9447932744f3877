"""The view of recordings: segments of each device in order, and clips around motion."""
