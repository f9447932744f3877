"""How devices and nodes do: who is there, what was last heard and seen of each, now and at any moment before."""
