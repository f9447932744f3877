"""The commands of `watchpost` except for those that start processes."""
