"""The agent of one edge machine: sources, analysis, recorder and what carries their facts to the hub."""
