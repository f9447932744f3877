"""Makes sure that one agent alone runs each device; a second one names the first and ends."""
