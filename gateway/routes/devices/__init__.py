"""Routes of sites and devices: registry, health, commands and settings."""
