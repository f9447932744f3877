"""Handing alerts to people: a durable queue for each receiver, grouping, and whatever protocol delivers them."""
