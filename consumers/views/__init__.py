"""What was measured and seen of a device over time, a view each."""
