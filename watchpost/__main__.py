"""`python -m watchpost` is the `watchpost` command."""

from watchpost.cli import main

main()
