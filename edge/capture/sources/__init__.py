"""Sources of pictures, sound and temperatures."""
