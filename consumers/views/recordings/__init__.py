"""What was recorded: segments of each device in order, and clips around motion."""
