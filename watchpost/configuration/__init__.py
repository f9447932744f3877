"""The configuration file, and the settings of each process that are made from it."""
