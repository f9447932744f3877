"""The view of device health: the last known state of each device and node, now and at any earlier moment."""
