"""The agent of one machine: its devices, commands, settings, health and identity."""
