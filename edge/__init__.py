"""The agent of one edge machine: capture, analysis, commands and health of its devices."""
