"""Enrols this machine at a hub, and takes its configuration from there."""
