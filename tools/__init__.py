"""What the maintainers run by hand, through `./dev`."""
