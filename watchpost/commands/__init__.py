"""The commands besides those that start processes: what they are asked, and what they do."""
