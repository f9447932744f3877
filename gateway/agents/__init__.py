"""Agents of other machines: their codes, their users at the broker, and their configurations."""
