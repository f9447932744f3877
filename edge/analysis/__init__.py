"""Analysis of pictures, sound and temperatures. No I/O."""
