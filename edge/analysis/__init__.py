"""Pure kernels: numbers from pictures, sound and temperatures, without I/O."""
