"""What a rebuild needs besides the fold: what it was begun with, what lies before the floor, and parts of a view."""
