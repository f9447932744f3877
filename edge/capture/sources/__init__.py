"""Where pictures, sound and temperatures come from."""
